/** What snapshots on their way and asked for cost an instance: what is read is made, once, and little of it stays. */
import { assert, assertEquals } from "@std/assert";
import { PART_MAX_BYTES } from "../../../src/edge/deliver/snapshot_parts.ts";
import { SNAPSHOTS_KEPT_MAX_BYTES } from "../../../src/edge/deliver/snapshot_share.ts";
import { aTrade } from "../../support/event_factory.ts";
import { type SceneClient, type SessionScene, sessionScene } from "../session_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const CONDS = Array.from({ length: 8000 }, () => 1);
const SYMBOLS = 40;
/** Of all of them, about. */
const SNAPSHOT_BYTES = SYMBOLS * 16_000;

/** Forty symbols `S0` to `S39` of 16 kB each, all other ones with every call. */
async function fill({ rig, clock }: SessionScene, t = 1): Promise<void> {
  for (let from = 0; from < SYMBOLS; from += 10) {
    const trades = Array.from(
      { length: 10 },
      (_, n) => aTrade({ sym: `S${from + n}`, tid: `${t}`, t, conds: CONDS }),
    );
    await rig.writer.append("tick", trades);
  }
  await clock.advance(100);
}

/** A client that asks for a snapshot and takes nothing. */
async function aStalled(s: SessionScene, fields?: readonly string[]): Promise<SceneClient> {
  const client = s.client();
  client.socket.isStalled = true;
  client.say({ action: "subscribe", symbols: ["*"], snapshot: true, fields });
  await s.clock.advance(30);
  return client;
}

/** All of them take what waits, again and again. */
async function read(s: SessionScene, ...clients: readonly SceneClient[]): Promise<void> {
  for (let n = 0; n < 60; n++) {
    for (const { socket } of clients) {
      socket.isStalled = false;
      socket.drain();
    }
    await s.clock.advance(20);
  }
}

/** Somebody follows, so that the stream is read. */
async function aScene(): Promise<SessionScene> {
  const s = sessionScene();
  s.client().say({ action: "subscribe", symbols: ["none"] });
  await s.clock.advance(100);
  await fill(s);
  return s;
}

const kept = (s: SessionScene): number => s.rig.edge.core.snapshots.bytes;

const poll = async (s: SessionScene, query: string): Promise<string> => {
  const answer = s.rig.edge.fetch(new Request(`http://edge/snapshot/tick?${query}`));
  await s.clock.advance(10);
  return await (await answer).text();
};

pure("of a snapshot that nobody reads no more is made than its connection takes", async () => {
  await using s = await aScene();
  await aStalled(s, ["conds"]);
  assert(SNAPSHOT_BYTES > 8 * PART_MAX_BYTES);
  assert(kept(s) > 0 && kept(s) < 2.1 * PART_MAX_BYTES, `${kept(s)} bytes`);
});

pure("any number of clients that ask the same at the same moment share what is made", async () => {
  await using s = await aScene();
  const clients = [await aStalled(s, ["conds"])];
  const one = kept(s);
  for (let n = 0; n < 30; n++) clients.push(await aStalled(s, ["conds"]));
  assertEquals(kept(s), one);
  await read(s, ...clients);
  assert(kept(s) < SNAPSHOT_BYTES * 1.1, `${kept(s)} bytes`);
  const seen = clients.map((client) => JSON.stringify(client.of("snapshot")));
  assertEquals(new Set(seen).size, 1);
  assert((seen[0]?.length ?? 0) > SNAPSHOT_BYTES * 0.9);
});

pure(
  "a slow client gets the snapshot a quick one got, whatever came and was asked for in between",
  async () => {
    await using s = await aScene();
    const slow = await aStalled(s);
    const quick = await aStalled(s);
    await read(s, quick);
    for (let n = 0; n < 15; n++) {
      await fill(s, 2 + n);
      assert((await poll(s, `fields=conds,f${n}`)).includes(`"t":${2 + n},`));
    }
    await read(s, slow);
    assertEquals(slow.of("snapshot"), quick.of("snapshot"));
    assertEquals(slow.of("snapshot").at(-1)?.last, true);
    assert(slow.of("snapshot").length > 8);
  },
);

pure(
  "snapshots polled for in ever other ways while the market is closed are not kept beyond their bound",
  async () => {
    await using s = await aScene();
    const first = await poll(s, "fields=conds,f0");
    for (let n = 1; n < 64; n++) {
      assertEquals(await poll(s, `fields=conds,f${n}`), first);
      assert(kept(s) <= SNAPSHOTS_KEPT_MAX_BYTES, `${kept(s)} bytes`);
    }
    assert(64 * SNAPSHOT_BYTES > 4 * SNAPSHOTS_KEPT_MAX_BYTES);
  },
);
