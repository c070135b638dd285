/**
 * Floods of small frames at either server, a process of its own whose memory is nobody else's: they cost the connection that sends
 * them, and a client beside it goes on. The attacks at full size are in `tests/end_to_end/attacks_test.ts`.
 */
import { assert } from "@std/assert";
import { residentMib } from "../support/attack/attacked.ts";
import { startProcess } from "../support/processes.ts";
import { frameBytes, type FrameParts, RawSocket } from "../support/raw_socket.ts";
import { SocketClient } from "./test_clients.ts";

const GROWTH_MAX_MIB = 128;
/** Frames written at once. */
const BURST = 1000;
/** A flooder that is not read any more gives up. */
const FLOOD_MS = 4_000;
/** The witness has so many more events after each flood. */
const FURTHER_EVENTS = 20;

interface Flood {
  readonly name: string;
  readonly frame: FrameParts;
  readonly count: number;
}

const FLOODS: readonly Flood[] = [
  { name: "pings that are never read", frame: { opcode: 9, payload: "x".repeat(100) }, count: 50_000 },
  { name: "one-byte messages", frame: { payload: "x" }, count: 50_000 },
  { name: "empty continuations", frame: { opcode: 0, fin: false }, count: 50_000 },
  {
    name: "subscriptions",
    frame: { payload: '{"action":"subscribe","symbols":["AAPL"]}' },
    count: 5_000,
  },
];

async function flood(port: number, { frame: parts, count }: Flood): Promise<void> {
  using socket = await RawSocket.open(port, "/ws/tick");
  if (parts.opcode === 0) await socket.write(frameBytes({ fin: false, payload: "x" }));
  const frame = frameBytes(parts);
  const burst = new Uint8Array(frame.length * BURST);
  for (let at = 0; at < BURST; at++) burst.set(frame, at * frame.length);
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), FLOOD_MS);
  try {
    for (let sent = 0; sent < count; sent += BURST) {
      // A server that stops reading, or has cut us, is doing what it should.
      if (!await Promise.race([socket.write(burst), late.promise])) return;
    }
  } finally {
    clearTimeout(timer);
  }
}

for (const server of ["deno", "hardened"] as const) {
  Deno.test(`floods cost their own connection, and others go on (SERVER=${server})`, async (t) => {
    await using victim = await startProcess({
      environment: { ROLE: "all", SERVER: server, SIMULATOR_SYMBOLS: "20", LOG_LEVEL: "info" },
    });
    const port = Number(new URL(victim.base).port);
    await using witness = new SocketClient(port, "/ws/tick?symbols=*");
    await witness.events(200);
    for (const row of FLOODS) {
      await t.step(row.name, async () => {
        const beforeMib = await residentMib(victim.pid);
        await flood(port, row);
        await witness.events(witness.ids().length + FURTHER_EVENTS);
        const grownMib = await residentMib(victim.pid) - beforeMib;
        assert(grownMib < GROWTH_MAX_MIB, `it grew by ${grownMib} MiB`);
      });
    }
  });
}
