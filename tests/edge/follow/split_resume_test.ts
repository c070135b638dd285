/** A split stream resumed at any message whatever, on either of two edges, loses, doubles and disorders nothing per list. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { FeedEvent } from "../../../src/feed/event.ts";
import { MemoryState } from "../../../src/store/memory/memory_state.ts";
import { aGap, aTrade } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { anonymous } from "../../../src/edge/admit/principal.ts";
import { socketHandlers } from "../../../src/edge/deliver/websocket_transport.ts";
import { edgeRig } from "../edge_rig.ts";
import { FakeSocket } from "../fake_socket.ts";
import type { Message } from "../test_clients.ts";

const RUNS = 60;
const LISTS = 3;
const plan = {
  at: 0,
  streams: { tick: { symbols: ["*"], lists: LISTS } },
  markets: ["stocks"],
  simulated: false,
};

/** Every position of every list that a run of messages covers, in order; gaps as the positions between their ends. */
function covered(messages: readonly Message[]): Map<string, number[]> {
  const lists = new Map<string, number[]>();
  const note = (id: string, seq: number) => {
    const list = id.slice(0, id.indexOf("."));
    lists.set(list, [...lists.get(list) ?? [], seq]);
  };
  const seqOf = (id: unknown) => Number(String(id).split("-")[1]);
  for (const message of messages) {
    if (Array.isArray(message.events)) { for (const { id } of message.events) note(id, seqOf(id)); }
    if (message.type !== "gap") continue;
    for (let seq = seqOf(message.after) + 1; seq < seqOf(message.before); seq++) {
      note(String(message.before), seq);
    }
  }
  return lists;
}

const batch = fc.record({
  list: fc.nat(LISTS - 1),
  count: fc.integer({ min: 1, max: 6 }),
  gap: fc.boolean(),
});
const step = fc.record({ batches: fc.array(batch, { maxLength: 4 }), keep: fc.nat(6), edge: fc.nat(1) });

Deno.test({
  name: "a split stream resumed at any message loses, doubles and disorders nothing",
  permissions: "none",
  async fn() {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), async (steps) => {
        const clock = new ManualClock();
        const state = new MemoryState(clock);
        const rigs = [edgeRig({ clock, state }), edgeRig({ clock, state, edgeId: "edge-2" })];
        const [first] = rigs;
        if (first === undefined) return;
        await first.store.writeNote("plan", JSON.stringify(plan), undefined);
        const told: Message[] = [];
        let cursor = "tick.0:0-0,tick.1:0-0,tick.2:0-0";
        for (const { batches, keep, edge } of [...steps, { batches: [], keep: 1e9, edge: 0 }]) {
          const rig = rigs[edge] ?? first;
          const socket = new FakeSocket();
          const defaults = {
            streams: ["tick"],
            request: undefined,
            shape: undefined,
            cursor: undefined,
            fault: undefined,
          };
          const handlers = socketHandlers(
            rig.edge.core,
            rig.edge.hub,
            socket,
            anonymous("premium"),
            defaults,
          );
          handlers.onOpen();
          handlers.onMessage(JSON.stringify({ action: "subscribe", symbols: ["*"], cursor }));
          await clock.advance(20);
          for (const { list, count, gap } of batches) {
            const events: FeedEvent[] = Array.from(
              { length: count },
              (_, n) => aTrade({ sym: `L${list}`, tid: String(n) }),
            );
            if (gap) events.push(aGap());
            await first.writer.append(`tick.${list}`, events);
            await clock.advance(7);
          }
          await clock.advance(2_500);
          // The connection is cut after so many of the messages that say something.
          const said = socket.read.filter(({ type }) => type === "events" || type === "gap").slice(0, keep);
          told.push(...said);
          cursor = String(said.at(-1)?.cursor ?? cursor);
          handlers.onClose();
        }
        for (const [list, seqs] of covered(told)) {
          const head = first.writer.heads.get(`tick.${list}`)?.seq ?? 0;
          assertEquals(seqs, Array.from({ length: head }, (_, n) => n + 1), `list ${list}`);
        }
        const closing = Promise.all(rigs.map((rig) => rig[Symbol.asyncDispose]()));
        await clock.advance(10_000);
        await closing;
      }),
      { numRuns: RUNS },
    );
  },
});
