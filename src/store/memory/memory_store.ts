/** The store of role `all` without Redis: one process, nothing survives it, everything else as the port says. */
import type { Clock } from "../../feed/clock.ts";
import type { FeedStore } from "../../feed/store.ts";
import { memoryLease, memoryLists } from "./memory_lists.ts";
import { memoryControl, memoryFolds, memoryNotes, memoryShelf } from "./memory_shelves.ts";
import { MemoryState } from "./memory_state.ts";
import { closedFailure } from "../store_failure.ts";

/** A store on `state`; several stores on one state share it as several processes share a Redis. */
export function createMemoryStore(clock: Clock, state: MemoryState = new MemoryState(clock)): FeedStore {
  return {
    transport: "memory",
    ...memoryLists(state),
    ...memoryLease(state),
    ...memoryNotes(state),
    ...memoryControl(state),
    ...memoryFolds(state),
    ...memoryShelf(state),
    ping: (signal) => state.run(signal, () => undefined),
    usage: () => state.usage.read(),
    [Symbol.asyncDispose]() {
      state.closed = true;
      for (const listener of state.listeners) listener.fail(closedFailure());
      state.listeners.clear();
      return Promise.resolve();
    },
  };
}
