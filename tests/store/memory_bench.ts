/** A memory store and the damage the contract does behind its back. */
import { createMemoryStore } from "../../src/store/memory/memory_store.ts";
import { MemoryState, type StoredLease } from "../../src/store/memory/memory_state.ts";
import { ManualClock } from "../support/manual_clock.ts";
import type { StoreBench } from "./contract.ts";

/** A bench on a clock that stands still but for {@link StoreBench.expire}. */
export function memoryBench(): StoreBench {
  const clock = new ManualClock();
  const state = new MemoryState(clock);
  const store = createMemoryStore(clock, state);
  return {
    store,
    another: () => {
      // The same data, closed apart; the lease is the one part that is replaced rather than changed.
      const lease = { get: () => state.lease, set: (held: StoredLease) => void (state.lease = held) };
      const shared: MemoryState = Object.create(state, { closed: { value: false, writable: true }, lease });
      return Promise.resolve(createMemoryStore(clock, shared));
    },
    async expire(name, ttlMs) {
      const held = () =>
        state.notes.get(name) ?? state.answers.get(name.slice(8)) ?? state.tickets.get(name.slice(7));
      if (held() === undefined) throw new Error(`Cannot let ${name} expire as it is not there`);
      await clock.advance(ttlMs);
      if (held() !== undefined) throw new Error(`Cannot let ${name} expire as it has no time to live`);
    },
    pass: (ms) => clock.advance(ms),
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
        for (const [name, list] of lists) state.lists.set(name, list.clone());
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
