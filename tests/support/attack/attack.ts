/**
 * Attacks as a program of their own, so that what they cost is not taken for the server's: `attack.ts NAME PORT SCALE`. At scale 1 each
 * has the size the checklist names. Prints what it did as JSON when done.
 */
import { frameBytes, type FrameParts } from "../raw_socket.ts";
import { handshakeText } from "../raw_http.ts";

const MIB = 1024 * 1024;
/** No attack goes on for longer, whatever is left of its size. */
const ATTACK_MAX_MS = 20_000;

/** How long the server may take to end a connection that did what it must not. */
const VERDICT_MS = 4_000;
/** How long half-open connections say nothing before they look whether they are still wanted. */
const HALF_OPEN_MS = 4_500;

/** What an attack did. */
export interface AttackReport {
  /** Of the attack's own unit: bytes, frames or connections. */
  done: number;
  connections: number;
  /** Connections the server ended. */
  cut: number;
}

type Attack = (port: number, scale: number, report: AttackReport, stop: AbortSignal) => Promise<void>;

const bytesOf = (text: string) => new TextEncoder().encode(text);
const connect = (port: number) => Deno.connect({ hostname: "127.0.0.1", port });

/** The same frame so many times over. */
function repeated(parts: FrameParts, times: number): Uint8Array<ArrayBuffer> {
  const frame = frameBytes(parts);
  const all = new Uint8Array(frame.length * times);
  for (let n = 0; n < times; n++) all.set(frame, n * frame.length);
  return all;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<boolean> {
  try {
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
    return true;
  } catch {
    return false;
  }
}

/** A connection on which so much was said. */
async function openWith(port: number, text: string): Promise<Deno.Conn> {
  const connection = await connect(port);
  await writeAll(connection, bytesOf(text));
  return connection;
}

/** Opens a socket; undefined when it was refused. Nothing but the handshake's answer is read. */
async function openSocket(port: number, path: string): Promise<Deno.Conn | undefined> {
  const connection = await openWith(port, handshakeText(path));
  const answer = new Uint8Array(64);
  const count = await connection.read(answer).catch(() => null);
  if (count !== null && new TextDecoder().decode(answer).startsWith("HTTP/1.1 101")) return connection;
  connection.close();
  return undefined;
}

/** Whether the server ends it in time; what it says until then is read away. */
async function isEndedWithin(socket: Deno.Conn, ms: number): Promise<boolean> {
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    socket.close();
  }, ms);
  const answer = new Uint8Array(65_536);
  for (;;) {
    const count = await socket.read(answer).catch(() => null);
    if (count !== null) continue;
    clearTimeout(late);
    return !isLate;
  }
}

/** Sends the same over and over, on a new socket whenever one is cut, until `total` units went out. */
async function pour(
  port: number,
  total: number,
  [first, chunk, unitsOfChunk]: readonly [first: Uint8Array, chunk: Uint8Array, units: number],
  report: AttackReport,
  stop: AbortSignal,
): Promise<void> {
  while (report.done < total && !stop.aborted) {
    const socket = await openSocket(port, "/ws/tick?symbols=*");
    if (socket === undefined) continue;
    report.connections++;
    const close = () => socket.close();
    stop.addEventListener("abort", close, { once: true });
    let isOpen = await writeAll(socket, first);
    while (isOpen && report.done < total) {
      isOpen = await writeAll(socket, chunk);
      report.done += unitsOfChunk;
    }
    // All of it may wait in the kernels on the way: the verdict comes a little later.
    if (!isOpen || await isEndedWithin(socket, VERDICT_MS)) report.cut++;
    stop.removeEventListener("abort", close);
    try {
      socket.close();
    } catch {
      // The time was up, and it is closed already.
    }
  }
}

const nothing = new Uint8Array(0);
const poured = (
  total: number,
  first: Uint8Array,
  parts: FrameParts,
  times: number,
  unit: "frames" | "bytes",
  /** Connections that do it side by side. */
  side = 1,
): Attack =>
(port, scale, report, stop) => {
  const chunk = repeated(parts, times);
  const units = unit === "frames" ? times : chunk.length;
  const one = () => pour(port, total * scale, [first, chunk, units], report, stop);
  return Promise.all(Array.from({ length: side }, one)).then(() => {});
};

/** Holds connections that do the same until the server ends them. */
async function hold(
  count: number,
  open: () => Promise<Deno.Conn | undefined>,
  tend: (connection: Deno.Conn) => Promise<boolean>,
  report: AttackReport,
  stop: AbortSignal,
): Promise<void> {
  const held = new Set<Deno.Conn>();
  for (let n = 0; n < count && !stop.aborted; n++) {
    const connection = await open().catch(() => undefined);
    if (connection === undefined) continue;
    held.add(connection);
    report.connections++;
  }
  report.done = report.connections;
  while (held.size > 0 && !stop.aborted) {
    for (const connection of held) {
      if (await tend(connection)) continue;
      report.cut++;
      held.delete(connection);
      connection.close();
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  for (const connection of held) connection.close();
}

const leaveAlone = () => Promise.resolve(true);
/** Writes one byte more; false once the server has gone. */
const drip = (connection: Deno.Conn) => writeAll(connection, bytesOf("x"));
const subscribe = (symbols: string) => ({
  payload: JSON.stringify({ action: "subscribe", symbols: [symbols] }),
});

/** By name. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  fragments: poured(
    512 * MIB,
    frameBytes({ fin: false, payload: "x" }),
    { opcode: 0, fin: false, payload: "x".repeat(8192) },
    32,
    "bytes",
    8,
  ),
  "tiny fragments": poured(
    1e6,
    frameBytes({ fin: false, payload: "x" }),
    { opcode: 0, fin: false, payload: "x" },
    1000,
    "frames",
  ),
  "empty continuations": poured(
    1e6,
    frameBytes({ fin: false, payload: "x" }),
    { opcode: 0, fin: false },
    1000,
    "frames",
  ),
  "tiny messages": poured(1e6, nothing, { payload: "x" }, 1000, "frames"),
  subscriptions: poured(1e5, nothing, subscribe("AAPL"), 200, "frames"),
  "pings never read": poured(1e6, nothing, { opcode: 9, payload: "x".repeat(100) }, 1000, "frames"),
  "frames of 60 MiB": poured(4 * 60 * MIB, nothing, { payload: "x".repeat(60 * MIB) }, 1, "bytes"),
  "frames of 65 MiB": poured(4 * 65 * MIB, nothing, { payload: "x".repeat(65 * MIB) }, 1, "bytes"),
  "slow headers": (port, scale, report, stop) =>
    hold(
      200 * scale,
      () => openWith(port, "GET /ws HTTP/1.1\r\nHost: x\r\nX-Slow: "),
      drip,
      report,
      stop,
    ),
  "half-open connections": (port, scale, report, stop) => {
    const silentUntilMs = performance.now() + HALF_OPEN_MS;
    const tend = (one: Deno.Conn) => performance.now() < silentUntilMs ? leaveAlone() : drip(one);
    return hold(1000 * scale, () => connect(port), tend, report, stop);
  },
  "sockets never read": (port, scale, report, stop) =>
    hold(
      20 * scale,
      () => openSocket(port, "/ws/tick?symbols=*"),
      leaveAlone,
      report,
      stop,
    ),
  "streams read byte by byte": (port, scale, report, stop) =>
    hold(
      20 * scale,
      () => openWith(port, "GET /sse/tick HTTP/1.1\r\nHost: x\r\n\r\n"),
      (connection) => connection.read(new Uint8Array(1)).then((count) => count !== null, () => false),
      report,
      stop,
    ),
  "streams never read": (port, scale, report, stop) =>
    hold(
      20 * scale,
      () => openWith(port, "GET /sse/tick HTTP/1.1\r\nHost: x\r\n\r\n"),
      leaveAlone,
      report,
      stop,
    ),
};

if (import.meta.main) {
  const [name = "", port = "", scale = "1", lastsMs = String(ATTACK_MAX_MS)] = Deno.args;
  const report: AttackReport = { done: 0, connections: 0, cut: 0 };
  await ATTACKS[name]?.(Number(port), Number(scale), report, AbortSignal.timeout(Number(lastsMs)));
  Deno.stdout.writeSync(bytesOf(JSON.stringify(report)));
  Deno.exit(0);
}
