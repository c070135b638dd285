import { assert, assertEquals } from "@std/assert";
import {
  PATIENT_SLICE_MS,
  SLICE_MS,
  type Worker,
  WorkOrder,
} from "../../../src/ingest/channel/work_order.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

/** A worker with so much to do, whose every turn takes so long. */
function worker(name: string, priority: number, events: number, done: string[], turn = () => {}): Worker {
  let left = events;
  return {
    priority,
    get hasWork() {
      return left > 0;
    },
    work(max) {
      const count = Math.min(max, left);
      left -= count;
      done.push(`${name} ${count}`);
      turn();
    },
  };
}

test("every round gives each its turn, the first in order the longest", async () => {
  const done: string[] = [];
  const order = new WorkOrder(new ManualClock(), [
    worker("fmv", 3, 100, done),
    worker("tick", 1, 600, done),
    worker("minute", 2, 150, done),
  ]);
  order.wake();
  order.wake();
  await settle();
  assertEquals(done, ["tick 256", "minute 128", "fmv 64", "tick 256", "minute 22", "fmv 36", "tick 88"]);
});

test("after its slice it lets the event loop go round, and then goes on", async () => {
  const clock = new ManualClock();
  const done: string[] = [];
  let elapsed = 0;
  const slow = { ...clock, monotonic: () => elapsed, timer: clock.timer.bind(clock), now: () => 0 };
  const order = new WorkOrder(Object.assign(Object.create(clock), slow), [
    worker("tick", 1, 256 * 10, done, () => elapsed += SLICE_MS / 2),
  ]);
  order.wake();
  await settle();
  assertEquals(done.length, 2);
  await clock.advance(0);
  assertEquals(done.length, 10);
});

test("while no tick waits it lets the event loop go round sooner, so that one that comes in is not held up", async () => {
  for (const [priority, turns] of [[1, 10], [2, 2]] as const) {
    const clock = new ManualClock();
    const done: string[] = [];
    let elapsed = 0;
    const slow = { monotonic: () => elapsed, timer: clock.timer.bind(clock), now: () => 0 };
    const order = new WorkOrder(Object.assign(Object.create(clock), slow), [
      worker("bars", priority, 256 * 20, done, () => elapsed += PATIENT_SLICE_MS / 2),
    ]);
    order.wake();
    await settle();
    assertEquals(done.length, turns, "SLICE_MS is five times PATIENT_SLICE_MS");
  }
});

test("nothing has to be woken twice, and a broken worker doesn't stop the rest for good", async () => {
  const done: string[] = [];
  let broken = true;
  const bad = worker("bad", 0, 300, done, () => {
    if (!broken) return;
    broken = false;
    throw new Error("broken");
  });
  const order = new WorkOrder(new ManualClock(), [bad, worker("good", 1, 10, done)]);
  const thrown: unknown[] = [];
  const seen = (event: ErrorEvent) => {
    event.preventDefault();
    thrown.push(event.error);
  };
  globalThis.addEventListener("error", seen);
  order.wake();
  await new Promise((resolve) => setTimeout(resolve, 0));
  order.wake();
  await settle();
  globalThis.removeEventListener("error", seen);
  assert(thrown.length === 1);
  assertEquals(done, ["bad 256", "bad 44", "good 10"]);
});
