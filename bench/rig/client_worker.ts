/**
 * A premium client in a thread of its own: the time from ingest's receipt (`rx`) of every event to its arrival here, and
 * whether every list position came once. Events are not parsed: what is measured is the service, not this reader.
 */
/// <reference lib="deno.worker" />

/** Told to the client. */
export type ClientOrder =
  | { readonly do: "connect"; readonly url: string; readonly stream: string }
  | { readonly do: "reset" | "report" };

/** What it saw since the last reset, times in ms. */
export interface ClientReport {
  readonly events: number;
  /** Events ever. */
  readonly total: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Positions missing or out of order, gaps told, warnings, closes: ever. */
  readonly troubles: readonly string[];
}

const EVENT = /"id":"(?:\d+\.)?([0-9a-z]+)-(\d+)","type":"([a-z]+)"(?:,"sym":"([^"]*)")?,"t":\d+,"rx":(\d+)/g;
const HISTOGRAM_MAX_MS = 60_000;
const TROUBLES_MAX = 20;

const counts = new Uint32Array(HISTOGRAM_MAX_MS + 1);
const places = new Map<string, number>();
const troubles: string[] = [];
let events = 0;
let total = 0;

const trouble = (what: string): void => {
  if (troubles.length < TROUBLES_MAX) troubles.push(what);
};

function take(text: string): void {
  const now = Date.now();
  if (!text.startsWith('{"type":"events"')) {
    if (/^\{"type":"(gap|warning|error|reconnect)"/.test(text)) trouble(text.slice(0, 200));
    return;
  }
  const stream = /"stream":"([a-z]+)"/.exec(text)?.[1] ?? "";
  for (const [whole, epoch, digits, , , rx] of text.matchAll(EVENT)) {
    const list = whole.includes(".") ? `${stream}.${/"id":"(\d+)\./.exec(whole)?.[1]}` : stream;
    const seq = Number(digits);
    const before = places.get(`${list}:${epoch}`);
    if (before !== undefined && seq !== before + 1) trouble(`${list}: ${seq} after ${before}`);
    places.set(`${list}:${epoch}`, seq);
    const ms = Math.min(HISTOGRAM_MAX_MS, Math.max(0, now - Number(rx)));
    counts[ms] = (counts[ms] ?? 0) + 1;
    events++;
    total++;
  }
}

function quantile(share: number): number {
  let seen = 0;
  for (let ms = 0; ms <= HISTOGRAM_MAX_MS; ms++) {
    seen += counts[ms] ?? 0;
    if (seen > 0 && seen >= events * share) return ms;
  }
  return 0;
}

function connect(url: string, stream: string): void {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws/${stream}`, "tickcast.v1");
  socket.onopen = () => socket.send(JSON.stringify({ action: "subscribe", symbols: ["*"] }));
  socket.onmessage = ({ data }) => {
    if (data.startsWith('{"type":"subscribed"')) self.postMessage({ subscribed: true });
    take(data);
  };
  socket.onclose = ({ code }) => trouble(`closed ${code}`);
}

self.onmessage = ({ data: order }: MessageEvent<ClientOrder>) => {
  if (order.do === "connect") return connect(order.url, order.stream);
  if (order.do === "reset") {
    counts.fill(0);
    events = 0;
    return;
  }
  const report: ClientReport = {
    events,
    total,
    p50: quantile(0.5),
    p99: quantile(0.99),
    max: quantile(1),
    troubles,
  };
  self.postMessage({ report });
};
