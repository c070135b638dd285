/**
 * A Massive-shaped upstream in a thread of its own, which sends what it is told at an exact rate and counts it: what the
 * measuring tasks compare with what a client got. Faults are those of a real source: garbage, a flood, silence, a cut.
 */
/// <reference lib="deno.worker" />
import { wsUpstream } from "../../tests/support/ws_upstream.ts";
import type { WebSocket } from "ws";

/** What a stream's source is told to do. Rates are events a second; a burst goes out as fast as it is taken. */
export type UpstreamOrder =
  | { readonly do: "rate"; readonly stream: WireStream; readonly perSecond: number; readonly symbols: number }
  | {
    readonly do: "burst";
    readonly stream: WireStream;
    readonly events: number;
    readonly frameEvents: number;
  }
  | { readonly do: "poison" | "stall" | "kill"; readonly stream: WireStream }
  | { readonly do: "count" };

/** What has a source: the streams that are received, and second bars, which are ticks too. */
export type WireStream = "tick" | "second" | "minute" | "fmv";

const PREFIX: Readonly<Record<WireStream, string>> = {
  tick: "T.",
  second: "A.",
  minute: "AM.",
  fmv: "FMV.",
};
const STEP_MS = 10;
const GARBAGE = [
  '[{"ev":"AM","sym":"A"',
  "no json",
  '[{"ev":"T"}]',
  "[7,null,[]]",
  '[{"ev":"ZZ","sym":"A"}]',
];

interface Source {
  perSecond: number;
  symbols: number;
  owed: number;
}

interface Client {
  readonly socket: WebSocket;
  readonly topics: Set<string>;
  stalled: boolean;
}

const clients = new Set<Client>();
const sources = new Map<WireStream, Source>();
const sent: Record<WireStream, number> = { tick: 0, second: 0, minute: 0, fmv: 0 };
let serial = 0;

function barText(ev: string, sym: string, windowMs: number): string {
  const start = 1_700_000_000_000 + windowMs * serial++;
  const prices =
    `"v":80,"av":144673,"op":296.1,"vw":296.32,"o":296.3,"c":296.4,"h":296.5,"l":296.2,"a":296.6776`;
  return `{"ev":"${ev}","sym":"${sym}",${prices},"z":80,"s":${start},"e":${start + windowMs}}`;
}

const elements: Readonly<Record<WireStream, (sym: string) => string>> = {
  tick: (sym) =>
    `{"ev":"T","sym":"${sym}","i":"${++serial}","x":4,"p":${
      100 + serial % 50
    },"s":40,"c":[12,37],"t":${Date.now()},"q":${serial},"z":3}`,
  second: (sym) => barText("A", sym, 1_000),
  minute: (sym) => barText("AM", sym, 60_000),
  fmv: (sym) =>
    `{"ev":"FMV","fmv":${100 + ++serial % 50},"sym":"${sym}","t":${Date.now()}${
      String(serial).padStart(6, "0").slice(-6)
    }}`,
};

const clientOf = (stream: WireStream): Client | undefined =>
  [...clients].find(({ topics }) => [...topics].some((topic) => topic.startsWith(PREFIX[stream])));

function send(stream: WireStream, count: number, symbols: number): void {
  const client = clientOf(stream);
  if (client === undefined || client.stalled || count === 0) return;
  const made = Array.from({ length: count }, (_, n) => elements[stream](`S${(serial + n) % symbols}`));
  client.socket.send(`[${made.join(",")}]`);
  sent[stream] += count;
}

let steppedAt = performance.now();
setInterval(() => {
  const now = performance.now();
  for (const [stream, source] of sources) {
    source.owed += source.perSecond * (now - steppedAt) / 1000;
    const due = Math.floor(source.owed);
    source.owed -= due;
    send(stream, due, source.symbols);
  }
  steppedAt = now;
}, STEP_MS);

function obey(order: UpstreamOrder): void {
  switch (order.do) {
    case "rate":
      sources.set(order.stream, { perSecond: order.perSecond, symbols: order.symbols, owed: 0 });
      return;
    case "burst":
      for (let left = order.events; left > 0; left -= order.frameEvents) {
        send(order.stream, Math.min(left, order.frameEvents), order.events);
      }
      return;
    case "poison":
      for (const text of GARBAGE) clientOf(order.stream)?.socket.send(text);
      return;
    case "stall": {
      const client = clientOf(order.stream);
      if (client) client.stalled = true;
      return client?.socket.pause();
    }
    case "kill":
      return clientOf(order.stream)?.socket.terminate();
    case "count":
      self.postMessage({ sent: { ...sent } });
  }
}

/** Answers as Massive does, at once. */
function serve(socket: WebSocket): void {
  const client: Client = { socket, topics: new Set(), stalled: false };
  const say = (status: string, message: string) =>
    socket.send(JSON.stringify([{ ev: "status", status, message }]));
  socket.on("close", () => clients.delete(client));
  socket.on("error", () => {});
  socket.on("message", (data) => {
    if (client.stalled) return;
    const { action, params } = JSON.parse(String(data));
    if (action === "auth") return say("auth_success", "authenticated");
    for (const topic of params.split(",")) {
      if (action === "subscribe") client.topics.add(topic);
      else client.topics.delete(topic);
      say("success", `${action}d to: ${topic}`);
    }
  });
  clients.add(client);
  say("connected", "Connected Successfully");
}

const { url } = await wsUpstream(serve);
self.onmessage = ({ data }: MessageEvent<UpstreamOrder>) => obey(data);
self.postMessage({ url });
