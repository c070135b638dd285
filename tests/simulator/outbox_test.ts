import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Outbox } from "../../src/simulator/outbox.ts";
import { ManualClock } from "../support/manual_clock.ts";

/** An outbox whose kernel takes a frame only when told. */
function box(limits = { bufferLimitBytes: 1_000_000, frameMaxBytes: 1000 }) {
  const clock = new ManualClock();
  const frames: string[] = [];
  const pongs: string[] = [];
  const taking: (() => void)[] = [];
  const written: string[] = [];
  let overflows = 0;
  const outbox = new Outbox({
    clock,
    limits,
    wire: {
      send: (text, done) => {
        frames.push(text);
        taking.push(done);
      },
      pong: (data) => pongs.push(`${new TextDecoder().decode(data)} after ${frames.length}`),
    },
    onWritten: (texts) => written.push(...texts),
    onOverflow: () => overflows++,
  });
  return {
    outbox,
    clock,
    frames,
    pongs,
    written,
    overflows: () => overflows,
    /** The kernel takes one frame; false when none waits. */
    take: () => {
      const done = taking.shift();
      done?.();
      return done !== undefined;
    },
  };
}

const pure = (name: string, fn: () => void | Promise<void>) => Deno.test({ name, permissions: "none", fn });
const ping = (text: string) => new TextEncoder().encode(text);

pure("While the kernel keeps up, what is pushed together is a frame of its own", () => {
  const { outbox, frames } = box();
  outbox.push(["1", "2"]);
  outbox.push(["3"]);
  assertEquals(frames, ["[1,2]", "[3]"]);
});

pure("What waits is bundled, up to the largest frame, and goes when the kernel has room", () => {
  const { outbox, frames, take } = box({ bufferLimitBytes: 10_000_000, frameMaxBytes: 300_000 });
  const big = "9".repeat(280_000);
  outbox.push([big]);
  for (let n = 0; n < 5; n++) outbox.push([`${n}`]);
  outbox.push([big, "7"]);
  assertEquals(frames.length, 1);
  take();
  assertEquals(frames.slice(1), [`[0,1,2,3,4,${big},7]`]);
});

pure("An element larger than the largest frame goes alone rather than never", () => {
  const { outbox, frames } = box({ bufferLimitBytes: 1_000_000, frameMaxBytes: 10 });
  outbox.push(["1", "x".repeat(50), "2"]);
  assertEquals(frames, ["[1]", `[${"x".repeat(50)}]`, "[2]"]);
});

pure("Over its bound it says so, once for what crossed it, and closed it takes nothing more", () => {
  const { outbox, overflows, frames } = box({ bufferLimitBytes: 100, frameMaxBytes: 1000 });
  outbox.push(["x".repeat(90)]);
  assertEquals(overflows(), 0);
  outbox.push(["x".repeat(20)]);
  assertEquals(overflows(), 1);
  outbox.close();
  const before = frames.length;
  outbox.push(["1"]);
  outbox.pushWithData(["2"]);
  outbox.pong(ping("p"));
  assertEquals(frames.length, before);
});

pure("A pong waits behind the data that waits", async () => {
  const { outbox, pongs, clock, frames } = box();
  outbox.pong(ping("idle"));
  outbox.throttle(10);
  outbox.push(["x".repeat(19)]);
  outbox.push(["behind"]);
  outbox.pong(ping("busy"));
  assertEquals(pongs, ["idle after 0"]);
  await clock.advance(1999);
  assertEquals(frames.length, 1);
  await clock.advance(1);
  assertEquals([frames.length, pongs.at(-1)], [2, "busy after 2"]);
});

pure("Acknowledgements that wait for data share its frame, or go alone after a while", async () => {
  const { outbox, frames, clock } = box();
  outbox.pushWithData(["ack"]);
  await clock.advance(100);
  outbox.push(["data"]);
  assertEquals(frames, ["[ack,data]"]);
  outbox.pushWithData(["alone"]);
  await clock.advance(249);
  assertEquals(frames.length, 1);
  await clock.advance(1);
  assertEquals([frames[1], clock.pending], ["[alone]", 0]);
});

pure("However pushes, the kernel and the link interleave, nothing is lost, doubled or reordered", () => {
  const action = fc.oneof(
    fc.record({
      kind: fc.constant("push" as const),
      count: fc.integer({ min: 1, max: 5 }),
      size: fc.nat(100_000),
    }),
    fc.record({ kind: fc.constantFrom("take" as const, "wait" as const, "slow" as const, "fast" as const) }),
  );
  return fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
      const scene = box({ bufferLimitBytes: Infinity, frameMaxBytes: 150_000 });
      const pushed: string[] = [];
      for (const each of actions) {
        if (each.kind === "push") {
          const texts = Array.from(
            { length: each.count },
            (_, n) => `"${pushed.length + n}${"x".repeat(each.size)}"`,
          );
          pushed.push(...texts);
          scene.outbox.push(texts);
        } else if (each.kind === "take") scene.take();
        else if (each.kind === "wait") await scene.clock.advance(50);
        else scene.outbox.throttle(each.kind === "slow" ? 100_000 : undefined);
      }
      scene.outbox.throttle(undefined);
      while (scene.take());
      assertEquals(scene.written, pushed);
      assertEquals(scene.frames.flatMap((frame) => JSON.parse(frame)).length, pushed.length);
      assertEquals(scene.outbox.waitingBytes, 0);
      assert(scene.frames.every((frame) => frame.length <= 150_001 || JSON.parse(frame).length === 1));
      scene.outbox.close();
      assertEquals(scene.clock.pending, 0);
    }),
    { numRuns: 60 },
  );
});
