/**
 * What a recording must become, worked out the slow and obvious way, apart from `src/ingest`: one event per element of the
 * file, in order, fields renamed by the documented table, times exact to the digit (FMV's nanoseconds are read as BigInt).
 */

/** One recorded frame, its events still text. */
interface RecordedFrame {
  readonly at: number;
  readonly feed: string;
  readonly events: readonly Record<string, unknown>[];
}

/** Events by stream, as a client should see them, without `id` and `rx`. */
export type ExpectedStreams = ReadonlyMap<string, Record<string, unknown>[]>;

const TRADE: Record<string, string> = { p: "price", s: "size", i: "tid", z: "tape", c: "conds" };
const BAR: Record<string, string> = {
  e: "end",
  o: "open",
  h: "high",
  l: "low",
  c: "close",
  v: "volume",
  vw: "vwap",
  av: "dayVolume",
  op: "dayOpen",
  a: "dayVwap",
  z: "avgSize",
};
const KINDS: Record<string, [stream: string, type: string, fields: Record<string, string>]> = {
  T: ["tick", "trade", TRADE],
  XT: ["tick", "trade", TRADE],
  A: ["tick", "second", BAR],
  XAS: ["tick", "second", BAR],
  AM: ["minute", "minute", BAR],
  XA: ["minute", "minute", BAR],
  FMV: ["fmv", "fmv", { fmv: "fmv" }],
};

/** Reads a recording (`.gz` or plain), keeping digits that JavaScript numbers can't. */
export async function readRecording(path: string): Promise<RecordedFrame[]> {
  const file = await Deno.open(path);
  const bytes = path.endsWith(".gz")
    ? file.readable.pipeThrough(new DecompressionStream("gzip"))
    : file.readable;
  const content = await new Response(bytes).text();
  return content.split("\n").filter((line) => line !== "").map((line) =>
    JSON.parse(line.replace(/"t":(\d{16,})/g, '"t":"$1"'))
  );
}

function expectedEvent(wire: Record<string, unknown>): [string, Record<string, unknown>] {
  const [stream, type, fields] = KINDS[String(wire.ev)] ?? ["unknown", "unknown", {}];
  const { ev: _ev, sym, pair, t, s, ...rest } = wire;
  const isBar = type === "second" || type === "minute";
  const event: Record<string, unknown> = { type, sym: pair === undefined ? sym : `X:${pair}` };
  if (typeof t === "string") {
    Object.assign(event, { t: Number(BigInt(t) / 1_000_000n), ns: Number(BigInt(t) % 1_000_000n) });
  } else event.t = isBar ? s : t;
  if (!isBar && s !== undefined) rest.s = s;
  for (const [name, value] of Object.entries(rest)) {
    event[fields[name] ?? name] = name === "i" && type === "trade" ? String(value) : value;
  }
  return [stream, event];
}

const identity = (event: Record<string, unknown>) =>
  event.type === "trade"
    ? `${event.sym}|${event.x}|${event.trfi}|${event.tid}`
    : event.type === "fmv"
    ? `${event.sym}|${event.t}|${event.ns}`
    : `${event.type}|${event.sym}|${event.t}`;

/** What clients should see of the frames of `feeds`: repeats dropped, corrections of bars numbered. */
export function expectedStreams(frames: readonly RecordedFrame[], feeds: readonly string[]): ExpectedStreams {
  const streams = new Map<string, Record<string, unknown>[]>();
  const seen = new Map<string, { content: string; rev: number }>();
  for (const wire of frames.filter((frame) => feeds.includes(frame.feed)).flatMap((frame) => frame.events)) {
    const [stream, event] = expectedEvent(wire);
    const content = JSON.stringify(Object.entries(event).sort());
    const before = seen.get(identity(event));
    if (before && (before.content === content || event.type === "trade" || event.type === "fmv")) continue;
    if (before) event.rev = before.rev + 1;
    seen.set(identity(event), { content, rev: before ? before.rev + 1 : 0 });
    const events = streams.get(stream) ?? [];
    events.push(event);
    streams.set(stream, events);
  }
  return streams;
}

/** An event as seen, without what the service adds. */
export function withoutStamps(event: Record<string, unknown>): Record<string, unknown> {
  const { id: _id, rx: _rx, ...rest } = event;
  return rest;
}
