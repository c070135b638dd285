/** A client that comes from another instance with a newer cursor: held for the next read where it is early, told where it is lost. */
import { assertEquals } from "@std/assert";
import type { FeedStore, ListTail } from "../../../src/feed/store.ts";
import { MemoryState } from "../../../src/store/memory/memory_state.ts";
import { aTrade } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import type { FakeSocket } from "../fake_socket.ts";
import { type HttpScene, httpScene, idsOf } from "../http_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });
const trades = (count: number) => Array.from({ length: count }, (_, n) => aTrade({ tid: String(n) }));

/** A store that answers reads as they were when it fell behind, and hears no hints meanwhile. */
class Replica {
  isBehind = false;
  #last: ListTail | undefined;

  async *#hints(store: FeedStore, signal: AbortSignal) {
    for await (const hint of store.hints(signal)) if (!this.isBehind) yield hint;
  }

  readonly wrap = (store: FeedStore): FeedStore => ({
    ...store,
    readTail: async (list, count, signal) => {
      if (!this.isBehind || this.#last === undefined) {
        this.#last = await store.readTail(list, 1000, signal);
      }
      const { head, elements } = this.#last;
      return { head, elements: count === 0 ? [] : elements.slice(-count) };
    },
    hints: (signal) => this.#hints(store, signal),
  });
}

interface TwoEdges extends AsyncDisposable {
  readonly here: HttpScene;
  readonly there: HttpScene;
  readonly replica: Replica;
  readonly clock: ManualClock;
}

/** Two instances on one store, both reading; from now on the second sees nothing new until its replica catches up. */
async function twoEdges(): Promise<TwoEdges> {
  const clock = new ManualClock();
  const state = new MemoryState(clock);
  const replica = new Replica();
  const here = httpScene({ clock, state });
  const there = httpScene({ clock, state, wrapStore: replica.wrap, edgeId: "edge-2" });
  await here.append("tick", trades(3));
  await here.poll("/events/tick?wait=0");
  await there.poll("/events/tick?wait=0");
  replica.isBehind = true;
  return {
    here,
    there,
    replica,
    clock,
    async [Symbol.asyncDispose]() {
      await here[Symbol.asyncDispose]();
      await there[Symbol.asyncDispose]();
    },
  };
}

/** A subscription of everything from a cursor on. */
const from = (cursor: string) => ({ action: "subscribe", symbols: ["*"], cursor });

const typesOf = (socket: FakeSocket) => socket.read.map(({ type }) => type);

pure(
  "a cursor that is newer than this instance's last read waits for the next one, on all transports, and goes on without a gap",
  async () => {
    await using s = await twoEdges();
    const { here, there, replica, clock } = s;
    const written = await here.append("tick", trades(2));
    await clock.advance(100);
    const { cursor } = await here.poll("/events/tick");
    assertEquals(cursor, written);
    const socket = there.socket(from(cursor));
    const polled = there.poll(`/events/tick?cursor=${cursor}&wait=20`, 0);
    const stream = await there.stream("/sse/tick", { headers: { "last-event-id": cursor } });
    await clock.advance(800);
    // Held: neither told where they stand nor that anything is lost.
    assertEquals([typesOf(socket), stream.text().includes("event: subscribed")], [["hello"], false]);
    replica.isBehind = false;
    await clock.advance(400);
    const next = await here.append("tick", trades(2));
    await clock.advance(100);
    const epoch = next.slice("tick:".length, next.indexOf("-"));
    const expected = [`${epoch}-6`, `${epoch}-7`];
    const answer = await polled;
    assertEquals([idsOf(socket), stream.ids(), answer.events.map(({ id }) => id)], [
      expected,
      expected,
      expected,
    ]);
    assertEquals([typesOf(socket), stream.text().includes("event: gap"), answer.gap], [
      ["hello", "subscribed", "events"],
      false,
      null,
    ]);
    await stream.leave();
  },
);

pure(
  "a cursor that is truly ahead is told as a gap after 2 s, on all transports, and not before",
  async () => {
    await using s = await twoEdges();
    const { there, clock } = s;
    const epoch = there.rig.edge.core.feeds.get("tick")?.log.endPosition(0).epoch;
    const ahead = `tick:${epoch}-9`;
    const socket = there.socket(from(ahead));
    let polled: string | undefined;
    void there.get(`/events/tick?cursor=${ahead}`, {}, 0).then(({ text }) => polled = text);
    const stream = await there.stream("/sse/tick", { headers: { "last-event-id": ahead } });
    await clock.advance(1_900);
    assertEquals([typesOf(socket), stream.text().includes("event: gap"), polled], [
      ["hello"],
      false,
      undefined,
    ]);
    await clock.advance(300);
    assertEquals(typesOf(socket), ["hello", "subscribed", "gap"]);
    const gap = { cause: "epoch", lost: null, after: `${epoch}-9` };
    const told = [
      socket.read.find(({ type }) => type === "gap"),
      JSON.parse(/^event: gap\ndata: (.*)$/m.exec(stream.text())?.[1] ?? "null"),
      JSON.parse(polled ?? "null")?.gap,
    ];
    assertEquals(told.map((one) => ({ cause: one?.cause, lost: one?.lost, after: one?.after })), [
      gap,
      gap,
      gap,
    ]);
    await stream.leave();
  },
);
