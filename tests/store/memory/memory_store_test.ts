/** The contract over the memory store, and what is its own. */
import { assertEquals, assertRejects } from "@std/assert";
import { TickcastError } from "../../../src/feed/error.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { MemoryState } from "../../../src/store/memory/memory_state.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { contractSuite } from "../contract.ts";
import { memoryBench } from "../memory_bench.ts";

contractSuite({
  name: "memory",
  ignore: false,
  note: "",
  permissions: "none",
  open: () => Promise.resolve(memoryBench()),
});

Deno.test({
  name: "memory: texts that expired are swept, so tickets nobody takes don't pile up",
  permissions: "none",
  async fn() {
    const clock = new ManualClock();
    const state = new MemoryState(clock);
    await using store = createMemoryStore(clock, state);
    for (let n = 0; n < 150_000; n++) {
      await store.putTicket(`t${n}`, "x", 1000);
      if (n % 1000 === 0) await clock.advance(1000);
    }
    assertEquals((await store.readNotes("", 10)).size, 0);
    assertEquals(state.tickets.withPrefix("", 10_000).size <= 1000, true);
  },
});

Deno.test({
  name: "memory: a flood of texts that never expire is refused, not kept without bound",
  permissions: "none",
  async fn() {
    await using store = createMemoryStore(new ManualClock());
    for (let n = 0; n < 100_000; n++) await store.writeNote(`n${n}`, "x", undefined);
    const error = await assertRejects(() => store.writeNote("more", "x", undefined), TickcastError);
    assertEquals(error.code, "STORE_REFUSED");
    await store.writeNote("n7", "replaced", undefined);
  },
});
