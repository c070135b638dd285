import { assert } from "@std/assert";
import { processorWait } from "./processor_wait.ts";

Deno.test("what a machine makes tasks wait is counted up, and never more than the time that went by", async () => {
  const began = performance.now();
  const waitedMs = processorWait();
  const first = waitedMs();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const second = waitedMs();
  assert(first >= 0 && second >= first);
  // The kernel adds up what its processors counted each for itself: a little late.
  assert(second <= performance.now() - began + 100, `${second} ms`);
});
