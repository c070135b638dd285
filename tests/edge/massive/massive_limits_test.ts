/** What a program at the Massive-compatible door may cost, and how it learns that it went too far. */
import { assert, assertEquals } from "@std/assert";
import { massiveScene } from "./massive_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const MAX_BUFFERED_BYTES = 1024 * 1024;
const MANY_PAIRS = Array.from({ length: 1900 }, (_, n) => `T.A${n.toString(36)}`).join(",");

pure("a program that reads no answers to its commands is cut at the bound of any client", async () => {
  const { clock, rig, socket, handlers, say, end } = massiveScene();
  await say("auth", "any");
  socket.isStalled = true;
  for (let second = 0; second < 60; second++) {
    for (const action of ["subscribe", "unsubscribe", "subscribe", "unsubscribe"]) {
      handlers.onMessage(JSON.stringify({ action, params: MANY_PAIRS }));
    }
    await clock.advance(1_000);
  }
  assert(socket.bufferedAmount < 2 * MAX_BUFFERED_BYTES, `${socket.bufferedAmount} bytes wait`);
  assertEquals([socket.terminated, rig.edge.counters.slowClosed, rig.edge.counters.active.massive], [
    1,
    1,
    0,
  ]);
  await end();
});

pure("a program that was handed more than the bound at once is cut though nothing follows", async () => {
  const { clock, rig, socket, say, end } = massiveScene();
  await say("auth", "any");
  await say("subscribe", "T.AAPL");
  socket.bufferedAmount = MAX_BUFFERED_BYTES;
  await clock.advance(3_000);
  assertEquals([socket.terminated, rig.edge.counters.slowClosed], [0, 0]);
  socket.bufferedAmount = MAX_BUFFERED_BYTES + 1;
  await clock.advance(3_000);
  assertEquals([socket.terminated, rig.edge.counters.slowClosed], [1, 1]);
  await end();
});
