/** Spans of appends and pulls, around any store; only made where somebody traces. */
import type { AppendRequest, FeedStore } from "../feed/store.ts";
import type { Tracing } from "../feed/tracing.ts";

/** The same store, telling of `append` and `pull`. */
export function traceStore(store: FeedStore, tracing: Tracing): FeedStore {
  const append: FeedStore["append"] = (request: AppendRequest, signal) =>
    tracing.span("append", { list: request.list, events: request.bodies.length }, async (note) => {
      const reply = await store.append(request, signal);
      note({ outcome: reply.outcome });
      return reply;
    });
  const readTail: FeedStore["readTail"] = (list, countEvents, signal) =>
    tracing.span("pull", { list, asked: countEvents }, async (note) => {
      const tail = await store.readTail(list, countEvents, signal);
      note({ events: tail.elements.length });
      return tail;
    });
  return new Proxy(store, {
    get(target, key) {
      if (key === "append") return append;
      if (key === "readTail") return readTail;
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
