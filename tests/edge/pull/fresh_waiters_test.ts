/** Waiting for a read that begins after one asked: who is served by which read, and that nobody is held who has left. */
import { assertEquals, assertRejects } from "@std/assert";
import { FreshWaiters } from "../../../src/edge/pull/fresh_waiters.ts";
import { settle } from "../../support/manual_clock.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

/** What became of a wait. */
function watched(waiters: FreshWaiters, signal = new AbortController().signal) {
  const told: { is: string } = { is: "waits" };
  waiters.wait(signal).then(() => told.is = "served", (reason) => told.is = `left: ${reason.message}`);
  return told;
}

pure(
  "a read serves those who asked before it began, and leaves those who came meanwhile to the next",
  async () => {
    const waiters = new FreshWaiters();
    const early = watched(waiters);
    waiters.begin();
    const meanwhile = watched(waiters);
    waiters.answer();
    await settle();
    assertEquals([early.is, meanwhile.is, waiters.size], ["served", "waits", 1]);
    waiters.begin();
    waiters.answer();
    await settle();
    assertEquals([meanwhile.is, waiters.size], ["served", 0]);
  },
);

pure("those of a failed read wait for the next, together with whoever came since", async () => {
  const waiters = new FreshWaiters();
  const all = [watched(waiters)];
  for (let failures = 0; failures < 5; failures++) {
    waiters.begin();
    all.push(watched(waiters));
  }
  await settle();
  assertEquals(all.map(({ is }) => is), Array(6).fill("waits"));
  waiters.begin();
  waiters.answer();
  await settle();
  assertEquals(all.map(({ is }) => is), Array(6).fill("served"));
});

pure(
  "however many come and leave while nothing is answered, nobody is held and no listener is left",
  async () => {
    const waiters = new FreshWaiters();
    const long = new AbortController().signal;
    let listeners = 0;
    const counted: AbortSignal = Object.assign(long, {
      addEventListener: () => void listeners++,
      removeEventListener: () => void listeners--,
    });
    const stays = watched(waiters, counted);
    for (let n = 0; n < 1000; n++) {
      const client = new AbortController();
      const left = watched(waiters, client.signal);
      if (n % 10 === 0) waiters.begin();
      client.abort(new Error("gone"));
      await settle(3);
      assertEquals(left.is, "left: gone");
    }
    assertEquals([stays.is, waiters.size, listeners], ["waits", 1, 1]);
    waiters.begin();
    waiters.answer();
    await settle();
    assertEquals([stays.is, waiters.size, listeners], ["served", 0, 0]);
  },
);

pure("the end is told to all who wait, and to whoever asks after it", async () => {
  const waiters = new FreshWaiters();
  const one = watched(waiters);
  waiters.end(new Error("stopped"));
  await settle();
  assertEquals([one.is, waiters.size], ["left: stopped", 0]);
  await assertRejects(() => waiters.wait(new AbortController().signal), Error, "stopped");
  await assertRejects(() => waiters.wait(AbortSignal.abort(new Error("gone"))), Error, "gone");
});
