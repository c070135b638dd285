import { assert, assertEquals } from "@std/assert";
import { TickcastError } from "../../../src/feed/error.ts";
import { FeedEvent } from "../../../src/feed/event.ts";
import type { FeedStore } from "../../../src/feed/store.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { createSignalFold } from "../../../src/signals/signal_fold.ts";
import { silentLog } from "../../../src/feed/log.ts";
import {
  CHECKPOINT_INTERVAL_MS,
  DerivedCheckpoint,
  SETTLE_LIMIT_MS,
} from "../../../src/ingest/derive/derived_checkpoint.ts";
import type { DerivedFold } from "../../../src/signals/derived_fold.ts";
import { A_MONDAY } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { aMarket, fenceOf, gapsIn, keysIn, play } from "../derived_market.ts";
import { LIVELY, startDerived } from "../derived_scene.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

test("another leader's fence keeps a stale one from saving over its checkpoints", async () => {
  const stale = await startDerived();
  await play(stale, aMarket(3, 10));
  await stale.store.takeLease("other", await fenceOf(stale), 60_000);
  const before = await stale.store.loadFold("signal");
  await stale.clock.advance(10_000);
  await stale.kill();
  await stale.host.finish();
  assertEquals(await stale.store.loadFold("signal"), before);
});

test("unreadable checkpoints cost what they held, never the start", async () => {
  const first = await startDerived();
  await play(first, aMarket(3, 5));
  await first.stop();
  const { cursor } = await first.store.loadFold("signal");
  const rubbish = new Map([["AAPL", "{"], ["MSFT", '{"v":99}'], [
    "IBM",
    '{"v":1,"b":7,"d":{"surge":"x","trend":[[1]]}}',
  ]]);
  await first.store.saveFold("signal", await fenceOf(first), rubbish, cursor ?? "");
  const second = await startDerived(first);
  await play(second, aMarket(3, 12).slice(30));
  const keys = await keysIn(second);
  assertEquals(new Set(keys).size, keys.length);
  await second.kill();
});

test("what an input tells as lost is told in signal too, in its place, once over a restart", async () => {
  const first = await startDerived();
  const market = aMarket(3, 12);
  await play(first, market.slice(0, 30));
  const said = (await keysIn(first)).length;
  const gap = { lost: 7, cause: "upstream", from: A_MONDAY + 6000, to: A_MONDAY + 6500 } as const;
  first.pipeline.tellGap("tick", gap);
  await play(first, market.slice(30));
  const signal = await first.list("signal");
  const at = signal.findIndex((event) => event.type === "gap");
  const { lost, cause, from, to } = signal[at] ?? {};
  assertEquals([at, lost, cause, from, to], [said, null, "upstream", gap.from, gap.to]);
  assertEquals((await first.list("heatmap")).filter((event) => event.type === "gap"), []);
  await first.kill();
  const second = await startDerived(first);
  await second.clock.advance(1000);
  assertEquals((await gapsIn(second)).length, 1);
  await second.kill();
});

test("a checkpoint store that is away costs nothing but the checkpoint; when it is back it is brought up to date", async () => {
  const clock = new ManualClock();
  const inner = createMemoryStore(clock);
  let away = false;
  const store: FeedStore = {
    ...inner,
    saveFold: (...args) =>
      away ? Promise.reject(new TickcastError("STORE_UNAVAILABLE", "away")) : inner.saveFold(...args),
  };
  const scene = await startDerived({ clock, store });
  const market = aMarket(3, 40);
  await play(scene, market.slice(0, 20));
  away = true;
  await play(scene, market.slice(20, 150));
  const saved = await inner.loadFold("signal");
  away = false;
  await play(scene, market.slice(150));
  await clock.advance(5000);
  const { cursor } = await inner.loadFold("signal");
  const { head } = await inner.readTail("tick", 0);
  assert(saved.cursor !== cursor);
  assert(cursor?.includes(`tick:${head?.epoch}-${head?.seq}`), `${cursor}`);
  await scene.kill();
});

test("a list that is slow to be read holds nothing up but the catching up, and then the folds have seen everything", async () => {
  for (const slowMs of [500, 5000]) {
    const clock = new ManualClock();
    const inner = createMemoryStore(clock);
    let slow = false;
    const store: FeedStore = {
      ...inner,
      async readTail(list, count, signal) {
        if (slow && list === "minute" && count > 0) await clock.sleep(slowMs, signal);
        return await inner.readTail(list, count, signal);
      },
    };
    const market = aMarket(3, 70);
    const first = await startDerived({ clock, store });
    await play(first, market.slice(0, 100));
    await first.kill();
    slow = true;
    const second = await startDerived({ clock, store });
    await play(second, market.slice(100));
    await clock.advance(5000);
    slow = false;
    const listed = (await Promise.all(["tick", "minute"].map((list) => second.list(list)))).flat();
    const fold = createSignalFold({ thresholds: LIVELY.thresholds });
    const expected = listed.map((event) => FeedEvent.parse(event))
      .flatMap((event) => event.type === "gap" ? [] : fold.apply(event)).map(({ key }) => key);
    const keys = (await keysIn(second)).filter((key) => !key.startsWith("fmv"));
    assertEquals(keys.sort(), expected.sort(), `${slowMs} ms`);
    await second.kill();
  }
});

/** A fold with nothing but states to save. */
const bareFold = (take: () => Map<string, string>): DerivedFold => ({
  stream: "signal",
  inputs: new Set(["tick"]),
  tellsGaps: true,
  apply: () => [],
  tick: () => [],
  remember: () => {},
  checkpoints: { begin: () => {}, step: () => 0, take },
  restore: () => 0,
  newestT: () => -Infinity,
});

test("a checkpoint over what one save takes goes in parts, the cursor with the last", async () => {
  const saves: { cursor: string; symbols: string[] }[] = [];
  const clock = new ManualClock();
  const text = "x".repeat(1_000_000);
  const states = new Map(Array.from({ length: 15 }, (_, n) => [`S${n}`, text]));
  const checkpoint = new DerivedCheckpoint({
    fold: bareFold(() => new Map(states)),
    store: {
      saveFold: (_stream, _fence, changed, cursor) => {
        saves.push({ cursor, symbols: [...changed.keys()] });
        return Promise.resolve(true);
      },
      loadFold: () => Promise.resolve({ cursor: undefined, states: new Map() }),
    },
    clock,
    log: silentLog,
    fence: 1,
    savedCursor: new Map([["tick", { epoch: "aaaaaaaa", seq: 5 }]]),
    positions: () => new Map([["tick", { epoch: "aaaaaaaa", seq: 9 }]]),
    made: () => 0,
    settled: () => 0,
  });
  await checkpoint.finish(AbortSignal.any([]));
  assertEquals(saves.map(({ cursor }) => cursor), ["tick:aaaaaaaa-5", "tick:aaaaaaaa-5", "tick:aaaaaaaa-9"]);
  assertEquals(saves.flatMap(({ symbols }) => symbols), [...states.keys()]);
});

test("a save waits until what was made by then stands in its list, but not for ever", async () => {
  const clock = new ManualClock();
  let [made, settled, saves] = [3, 1, 0];
  const checkpoint = new DerivedCheckpoint({
    fold: bareFold(() => new Map([["A", "1"]])),
    store: {
      saveFold: () => Promise.resolve(++saves > 0),
      loadFold: () => Promise.resolve({ cursor: undefined, states: new Map() }),
    },
    clock,
    log: silentLog,
    fence: 1,
    savedCursor: undefined,
    positions: () => new Map([["tick", { epoch: "aaaaaaaa", seq: 9 }]]),
    made: () => made,
    settled: () => settled,
  });
  const never = AbortSignal.any([]);
  const turns = async (ms: number) => {
    for (let n = 0; n < ms; n += 50) {
      await clock.advance(50);
      checkpoint.turn(never);
    }
    await clock.advance(0);
    return saves;
  };
  assertEquals(await turns(CHECKPOINT_INTERVAL_MS + 1000), 0);
  [made, settled] = [4, 3];
  assertEquals(await turns(100), 1);
  assertEquals(await turns(SETTLE_LIMIT_MS + CHECKPOINT_INTERVAL_MS - 1300), 1);
  assertEquals(await turns(400), 2);
});
