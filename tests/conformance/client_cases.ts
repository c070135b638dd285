/**
 * The conformance kit through the client: what {@link CASES} asks of an edge, asked of the client over each transport against
 * the same edge, with a witness that reads the list beside it. The `tick` stream has to be moving.
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Transport } from "../../src/client/link.ts";
import { until } from "../client/next.ts";
import type { Case, Listed } from "./case.ts";
import { assertSame, before, CLIENT_TRANSPORTS, drive, Handed, witness } from "./client_witness.ts";
import { assertRising, isAfter, placeOfId } from "./positions.ts";

/** One case, over every transport at once. */
const each = (name: string, run: (base: string, transport: Transport) => Promise<void>): Case => ({
  name: `client over every transport: ${name}`,
  async run(base) {
    const over = (transport: Transport) =>
      run(base, transport).catch((cause) => {
        throw new Error(`over ${transport}: ${cause instanceof Error ? cause.message : cause}`, { cause });
      });
    await Promise.all(CLIENT_TRANSPORTS.map(over));
  },
});

const nextOf = (transport: Transport, by: number): Transport =>
  CLIENT_TRANSPORTS[(CLIENT_TRANSPORTS.indexOf(transport) + by) % CLIENT_TRANSPORTS.length] ?? "poll";

/** The symbol seen most, and another. */
function twoSymbols(events: readonly Listed[]): readonly [string, string] {
  const symbols = [...new Set(events.map(({ sym }) => sym))];
  const count = (sym: string) => events.filter((event) => event.sym === sym).length;
  const [one, two] = symbols.sort((a, b) => count(b) - count(a));
  assert(one !== undefined && two !== undefined, "the stream has to carry two symbols at least");
  return [one, two];
}

const following: readonly Case[] = [
  each(
    "it stands somewhere before the first event, and what follows has the common fields in order",
    async (base, transport) => {
      using driven = await drive(base, transport, {}, {
        onEvents: () => assert(driven?.client.cursor !== ""),
      });
      await until("a cursor", () => driven.client.cursor);
      await driven.handed.count(20);
      assertRising(driven.handed.ids);
      for (const event of driven.handed.events) {
        assertNotEquals(event.type, "gap");
        assert(
          Number.isSafeInteger(event.t) && Number.isSafeInteger(event.rx) && typeof event.sym === "string",
        );
      }
      assertEquals([driven.errors, driven.handed.gaps], [[], []]);
    },
  ),
  each("from a cursor it hands on what the witness reads, value for value", async (base, transport) => {
    const cursor = await before(base, 30);
    using driven = await drive(base, transport, { cursor });
    await driven.handed.count(30);
    assertSame(driven.handed.events, await witness(base, cursor, 30), 30);
  }),
  each("its cursor goes on on every other transport without hole or repeat", async (base, transport) => {
    const whole = await before(base, 40);
    let cursor = whole;
    const ids: string[] = [];
    for (let by = 0; by < 3; by++) {
      using driven = await drive(base, nextOf(transport, by), {}, { cursor });
      await driven.handed.count(8);
      driven.client.disconnect();
      cursor = driven.client.cursor;
      ids.push(...driven.handed.ids);
    }
    assertSame(ids, (await witness(base, whole, 40)).map(({ id }) => id), 24);
  }),
  each("disconnected and connected again it goes on where it stopped", async (base, transport) => {
    const cursor = await before(base, 10);
    using driven = await drive(base, transport, { cursor });
    for (const count of [5, 15, 25]) {
      await driven.handed.count(count);
      driven.client.disconnect();
      await driven.client.connect();
    }
    await driven.handed.count(35);
    assertSame(driven.handed.ids, (await witness(base, cursor, 35)).map(({ id }) => id), 35);
  }),
  each("earliest begins with the oldest event still held", async (base, transport) => {
    const held = await witness(base, "earliest", 20);
    using driven = await drive(base, transport, { cursor: "earliest" });
    await driven.handed.count(20);
    const from = held.findIndex(({ id }) => id === driven.handed.ids[0]);
    assert(from >= 0, "what it began with was not held");
    assertSame(driven.handed.ids, held.slice(from).map(({ id }) => id), 1);
  }),
  ...["tick:00000001-7", "tick:zzzzzzzz-7"].map((cursor) =>
    each(`a cursor of ${cursor} is a gap nobody can count, and it goes on`, async (base, transport) => {
      using driven = await drive(base, transport, { cursor });
      await until("a gap", () => driven.handed.gaps.length > 0);
      await driven.handed.count(1);
      const [gap] = driven.handed.gaps;
      assertEquals([gap?.stream, gap?.lost], ["tick", null]);
      assertRising(driven.handed.ids);
    })
  ),
];

const choosing: readonly Case[] = [
  each(
    "subscriptions overlap, change and go, and each gets all of its own and nothing else",
    async (base, transport) => {
      const cursor = await before(base, 40);
      const [one, two] = twoSymbols(await witness(base, cursor, 40));
      using driven = await drive(base, transport, { cursor, symbols: [one] });
      const { client } = driven;
      const other = new Handed();
      const second = client.subscribe({ streams: ["tick"], symbols: [two] }, other.handlers);
      await other.count(2);
      second.change({ symbols: [two, one] });
      await until("both", () => new Set(other.events.map(({ sym }) => sym)).size === 2);
      second.unsubscribe();
      const [ended, had] = [other.events.length, driven.handed.events.length];
      await driven.handed.count(had + 5);
      assertEquals(other.events.length, ended);
      assert(driven.handed.events.every(({ sym }) => sym === one));
      const wanted = await witness(base, cursor, 1, one);
      assertSame(driven.handed.ids, wanted.map(({ id }) => id), 1);
      assertRising(other.ids);
      assertEquals([driven.errors, client.stats.gaps], [[], 0]);
    },
  ),
  each("prefixes take what begins so", async (base, transport) => {
    const cursor = await before(base, 40);
    const all = await witness(base, cursor, 40);
    const prefix = all[0]?.sym.slice(0, 1) ?? "";
    using driven = await drive(base, transport, { cursor, symbols: [`${prefix}*`] });
    await driven.handed.count(3);
    const wanted = all.filter(({ sym }) => sym.startsWith(prefix)).map(({ id }) => id);
    assertSame(driven.handed.ids, wanted, 1);
  }),
  each("fields cut events down, id, type, sym and t stay", async (base, transport) => {
    using driven = await drive(base, transport, { fields: ["nothing_of_the_kind"] });
    await driven.handed.count(5);
    for (const event of driven.handed.events) {
      assertEquals(Object.keys(event).sort(), ["id", "sym", "t", "type"]);
    }
  }),
  each("latest hands on at most one event of a type and symbol at a time", async (base, transport) => {
    const cursor = await before(base, 60);
    using driven = await drive(base, transport, { cursor, mode: "latest" });
    await driven.handed.count(5);
    for (const { events } of driven.handed.batches) {
      const keys = events.filter((event) => !("rev" in event || "synthetic" in event))
        .map(({ type, sym }) => `${type}:${sym}`);
      assert(new Set(keys).size === keys.length, keys.join());
    }
    assertRising(driven.handed.ids);
  }),
  each("maxHz hands on at most so many times a second", async (base, transport) => {
    // From before the first byte on: what a busy machine holds back and gives at once still took its time to be sent.
    const began = performance.now();
    using driven = await drive(base, transport, { maxHz: 5 });
    const { batches } = driven.handed;
    await until("a few batches", () => batches.length >= 7);
    const seconds = (performance.now() - began) / 1000;
    assert(batches.length <= seconds * 5 + 2, `${batches.length} batches in ${seconds} s`);
  }),
  each(
    "a snapshot comes whole, and what is live goes on after it for each symbol",
    async (base, transport) => {
      const cursor = await before(base, 20);
      using driven = await drive(base, transport, { snapshot: true });
      await until("the last part", () => driven.handed.snapshots.some(({ last }) => last));
      await driven.handed.count(20);
      await assertJoined(base, cursor, driven.handed);
    },
  ),
  each("a snapshot asked for later takes nothing from who follows already", async (base, transport) => {
    const cursor = await before(base, 20);
    using driven = await drive(base, transport, { cursor });
    await driven.handed.count(30);
    const other = new Handed();
    driven.client.subscribe({ streams: ["tick"], snapshot: true }, other.handlers);
    await until("the snapshot", () => other.snapshots.some(({ last }) => last));
    const had = driven.handed.events.length;
    await driven.handed.count(had + 30);
    assertSame(driven.handed.ids, (await witness(base, cursor, had + 30)).map(({ id }) => id), had + 30);
    assertEquals(driven.handed.snapshots, []);
  }),
];

/** Each key of the snapshot is there once, and the live events of it are those after it, none left out. */
async function assertJoined(base: string, cursor: string, handed: Handed): Promise<void> {
  const shown = new Map<string, string>();
  for (const { events } of handed.snapshots) {
    for (const { type, sym, id } of events) {
      assert(!shown.has(`${type}:${sym}`), `${type}:${sym} comes twice`);
      shown.set(`${type}:${sym}`, id);
    }
  }
  assert(shown.size > 0);
  const live = [...handed.events];
  const all = await witness(base, cursor, (events) => events.some(({ id }) => id === live.at(-1)?.id));
  const upTo = all.slice(0, all.findIndex(({ id }) => id === live.at(-1)?.id) + 1);
  for (const [key, id] of shown) {
    const isNext = (event: Listed) =>
      `${event.type}:${event.sym}` === key && isAfter(placeOfId(event.id), placeOfId(id));
    const { list } = placeOfId(id);
    const ofList = live.filter((event) =>
      `${event.type}:${event.sym}` === key && placeOfId(event.id).list === list
    );
    assertEquals(ofList.map((event) => event.id), upTo.filter(isNext).map((event) => event.id), key);
  }
}

const answering: readonly Case[] = [
  each(
    "a symbol that is none and a stream that is none are told, and the rest goes on",
    async (base, transport) => {
      using driven = await drive(base, transport, { symbols: ["*"] });
      await driven.handed.count(1);
      driven.client.subscribe({ streams: ["tick"], symbols: ["<b>no symbol</b>"] });
      driven.client.subscribe({ streams: [JSON.parse('"nope"')] });
      const codes = () => driven.errors.map(({ code }) => code);
      await until(
        "both refusals",
        () => codes().includes("BAD_SYMBOL") && codes().includes("UNKNOWN_STREAM"),
      );
      assert(driven.errors.every(({ fatal, message }) => !fatal && message.length > 10));
      assertEquals(driven.client.status.state, "open");
      await driven.handed.count(driven.handed.events.length + 5);
    },
  ),
  {
    name: "client over websocket: states of the streams and the round trip are told at once",
    async run(base) {
      const told: string[] = [];
      using driven = await drive(base, "websocket", {}, {
        onStreamStates: (states) => told.push(...Object.keys(states)),
      });
      await until("states", () => told.includes("tick"));
      await until("a round trip", () => driven.client.stats.roundTripMs !== undefined);
    },
  },
  {
    name: "client: history reads what the witness reads",
    async run(base) {
      using driven = await drive(base, "poll", { symbols: ["NOBODY"] });
      const cursor = await before(base, 30);
      const ids: string[] = [];
      for await (const { events } of driven.client.history({ stream: "tick", cursor })) {
        ids.push(...events.map(({ id }) => id));
      }
      assertSame(ids, (await witness(base, cursor, 30)).map(({ id }) => id), 30);
    },
  },
];

/** Every case. */
export const CLIENT_CASES: readonly Case[] = [...following, ...choosing, ...answering];
