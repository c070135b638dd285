/** The contract over the memory store, and what is its own. */
import { assertEquals, assertRejects } from "@std/assert";
import { TickcastError } from "../../src/feed/error.ts";
import { createMemoryStore } from "../../src/store/memory_store.ts";
import { MemoryState } from "../../src/store/memory_state.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { contractSuite, type StoreBench } from "./contract.ts";

function memoryBench(): StoreBench {
  const clock = new ManualClock();
  const state = new MemoryState(clock);
  const store = createMemoryStore(clock, state);
  return {
    store,
    another: () => {
      const other = createMemoryStore(
        clock,
        Object.create(state, { closed: { value: false, writable: true } }),
      );
      return Promise.resolve(other);
    },
    async expire(name, ttlMs) {
      const held = () =>
        state.notes.get(name) ?? state.answers.get(name.slice(8)) ?? state.tickets.get(name.slice(7));
      if (held() === undefined) throw new Error(`Cannot let ${name} expire as it is not there`);
      await clock.advance(ttlMs);
      if (held() !== undefined) throw new Error(`Cannot let ${name} expire as it has no time to live`);
    },
    loseList: (list) => Promise.resolve(state.lists.get(list)?.dropElements()),
    flush() {
      state.lists.clear();
      state.lease = undefined;
      return Promise.resolve();
    },
    copy() {
      const { lease } = state;
      const lists = [...state.lists].map(([name, list]) => [name, list.clone()] as const);
      return Promise.resolve(() => {
        state.lists.clear();
        for (const [name, list] of lists) state.lists.set(name, list);
        state.lease = lease;
        return Promise.resolve();
      });
    },
    lengthEvents: (list) => Promise.resolve(state.lists.get(list)?.lengthEvents ?? 0),
    publish: undefined,
    spoil: undefined,
    addUniverse: (key, symbols) => Promise.resolve(void state.universes.set(key, new Set(symbols))),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

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
