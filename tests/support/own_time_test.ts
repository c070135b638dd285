import { assert } from "@std/assert";
import { ownTime } from "./own_time.ts";

/** The kernel adds up what its processors counted each for itself: a little late. */
const LATE_MS = 100;

Deno.test("a test's own time is never more than the time that went by, and what it waited is taken off", async () => {
  const began = performance.now();
  const ownMs = ownTime();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const own = ownMs();
  assert(own <= performance.now() - began, `${own} ms`);
  assert(own >= -LATE_MS, `${own} ms`);
});
