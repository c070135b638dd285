/** Connections of the hardened server end when they must, whether or not their peer ever reads or answers. */
import { assert, assertEquals } from "@std/assert";
import { aTrade } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { frameBytes, RawSocket } from "../../support/raw_socket.ts";
import { until } from "../../support/until.ts";
import { edgeRig, type Rig } from "../edge_rig.ts";

const DEADLINE_MS = 45_000;

/** Appends until `isOver` holds: more than any kernel buffers for a peer that reads nothing. */
async function pour(rig: Rig, isOver: () => boolean): Promise<void> {
  let tid = 0;
  const trades = () => Array.from({ length: 500 }, () => aTrade({ tid: `${"x".repeat(200)}${tid++}` }));
  await until(async () => {
    await rig.writer.append("tick", trades());
    return isOver();
  }, "the client is given up");
}

Deno.test("a socket whose peer neither reads nor answers is ended, and nothing of it stays", async () => {
  await using rig = edgeRig({ settings: { server: "hardened", clientMaxBufferedBytes: 65_536 } });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  using zombie = await RawSocket.open(port, "/ws/tick?symbols=*");
  await until(() => rig.edge.hub.size === 1, "it is there");
  await pour(rig, () => rig.edge.counters.slowClosed === 1);
  await until(() => rig.edge.counters.closing === 0 && rig.edge.hub.size === 0, "its socket is let go");
  // What was on its way can still be read; then there is an end.
  assert(["cut", 4001].includes(await zombie.ending(DEADLINE_MS)));
});

Deno.test("an event stream whose peer never reads is ended with its connection", async () => {
  await using rig = edgeRig({ settings: { server: "hardened", clientMaxBufferedBytes: 65_536 } });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  using zombie = await Deno.connect({ hostname: "127.0.0.1", port });
  await zombie.write(new TextEncoder().encode("GET /sse/tick HTTP/1.1\r\nHost: x\r\n\r\n"));
  await until(() => rig.edge.hub.size === 1, "it is there");
  await pour(rig, () => rig.edge.counters.slowClosed === 1);
  assertEquals(rig.edge.hub.size, 0);
  const chunk = new Uint8Array(65_536);
  const isEnded = (async () => {
    for (;;) if ((await zombie.read(chunk).catch(() => null)) === null) return true;
  })();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), DEADLINE_MS));
  assertEquals(await Promise.race([isEnded, late]), true);
  clearTimeout(timer);
});

Deno.test("a socket whose peer answers no ping is ended at the next one", async () => {
  const clock = new ManualClock();
  const rig = edgeRig({ settings: { server: "hardened" }, clock });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  using silent = await RawSocket.open(port, "/ws/tick");
  await silent.until("hello");
  await clock.advance(30_500);
  assertEquals(rig.edge.hub.size, 1);
  await clock.advance(30_500);
  assertEquals(await silent.ending(DEADLINE_MS), "cut");
  await until(() => rig.edge.hub.size === 0, "it is gone");
  const drained = rig.edge.drain();
  await clock.advance(5_000);
  await drained;
});

Deno.test("one that broke the protocol is told why and let go, though it goes on sending", async () => {
  await using rig = edgeRig({ settings: { server: "hardened", clientMaxBufferedBytes: 65_536 } });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  using broken = await RawSocket.open(port, "/ws/tick");
  await broken.until("hello");
  const junk = frameBytes({ opcode: 0, payload: "x".repeat(4096) });
  let isWriting = true;
  const writing = (async () => {
    while (isWriting && await broken.write(junk)) await new Promise((resolve) => setTimeout(resolve, 1));
  })();
  assertEquals(await broken.ending(DEADLINE_MS), 1002);
  await until(() => rig.edge.hub.size === 0, "it is gone");
  isWriting = false;
  await writing;
  assert((rig.edge.counters.drops.get("ws_protocol_error") ?? 0) >= 1);
});
