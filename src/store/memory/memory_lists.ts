/** The event lists and the lease, in memory. */
import type { Hint, Lease, LeaseStore, ListStore } from "../../feed/store.ts";
import { checkBatch } from "../batch_plan.ts";
import { HintQueue } from "./hint_queue.ts";
import type { MemoryState } from "./memory_state.ts";
import { closedFailure } from "../store_failure.ts";

/** Lists of `state`. Hints go to the subscribers of this process, never within the append itself. */
export function memoryLists(state: MemoryState): ListStore {
  return {
    append: (request, signal) =>
      state.run(signal, () => {
        checkBatch(request);
        if (request.fence !== state.fence) return { outcome: "fenced", fence: state.fence };
        const list = state.list(request.list);
        const reply = list.append(request, state.clock.now());
        if (reply.outcome === "applied") {
          publish(state, { list: request.list, position: { epoch: reply.epoch, seq: reply.lastSeq } });
        }
        return reply;
      }),
    setPullInterval: ({ list, fence, expected, pullMs }, signal) =>
      state.run(signal, () => {
        if (fence !== state.fence) return "fenced";
        return state.lists.get(list)?.setPullInterval(expected, pullMs) ?? "moved";
      }),
    readTail: (list, countEvents, signal) =>
      state.run(
        signal,
        () => state.lists.get(list)?.tail(countEvents) ?? { head: undefined, elements: [] },
      ),
    readLatest: (list, fields, signal) =>
      state.run(signal, () => state.lists.get(list)?.latest(fields) ?? { head: undefined, elements: [] }),
    hints: (signal) => listen(state, signal),
  };
}

function publish(state: MemoryState, hint: Hint): void {
  for (const listener of state.listeners) listener.push(hint);
}

function listen(state: MemoryState, signal: AbortSignal): AsyncIterable<Hint> {
  const leave = () => {
    state.listeners.delete(queue);
    signal.removeEventListener("abort", leave);
    queue.end();
  };
  const queue = new HintQueue(leave);
  if (signal.aborted) queue.end();
  else if (state.closed) queue.fail(closedFailure());
  else {
    state.listeners.add(queue);
    signal.addEventListener("abort", leave, { once: true });
  }
  return queue;
}

/** The lease of `state`, by the rule of the port. */
export function memoryLease(state: MemoryState): LeaseStore {
  const read = (): Lease | undefined => state.lease && { ...state.lease, nowMs: state.clock.now() };
  return {
    readLease: (signal) => state.run(signal, read),
    takeLease: (owner, seenFence, leaseMs, signal) =>
      state.run(signal, () => {
        if (state.fence !== seenFence) return undefined;
        const nowMs = state.clock.now();
        state.lease = { owner, fence: Math.max(state.fence + 1, nowMs), untilMs: nowMs + leaseMs };
        return read();
      }),
    renewLease: (fence, leaseMs, signal) =>
      state.run(signal, () => {
        const held = state.lease;
        if (held?.fence !== fence || held.owner === "") return false;
        state.lease = { ...held, untilMs: state.clock.now() + leaseMs };
        return true;
      }),
    releaseLease: (fence, signal) =>
      state.run(signal, () => {
        if (state.lease?.fence !== fence) return false;
        state.lease = { ...state.lease, owner: "" };
        return true;
      }),
  };
}
