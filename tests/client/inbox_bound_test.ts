/** What an iteration that is not read holds on to. */
import { assertEquals } from "@std/assert";
import { Inbox } from "../../src/client/inbox.ts";

Deno.test({
  name: "a queue that nobody reads keeps its cap and no more, however much comes",
  permissions: "none",
  async fn() {
    const inbox = new Inbox<{ readonly n: number; readonly pad: number[] }>(100, (dropped) => ({
      n: -dropped,
      pad: [],
    }));
    const before = Deno.memoryUsage().heapUsed;
    for (let n = 0; n < 100_000; n++) inbox.push({ n, pad: new Array(100).fill(n) });
    const grownMb = (Deno.memoryUsage().heapUsed - before) / 1e6;
    inbox.end();
    const first = await inbox.next();
    assertEquals(first.value?.n, -99_900);
    assertEquals((await inbox.next()).value?.n, 99_900);
    // 100 000 of them are 80 MB.
    assertEquals(grownMb < 40, true, `${grownMb} MB`);
  },
});
