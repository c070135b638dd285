import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FeedEvent } from "../../src/feed/event.ts";
import { createSignalFold } from "../../src/signals/signal_fold.ts";
import { A_MONDAY } from "../support/event_factory.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { frameOf, wireBar, wireFairValue, wireTrade } from "../support/wire_factory.ts";
import { type DerivedScene, LIVELY, startDerived } from "./derived_scene.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

/** A frame to be sent `atMs` after the start. */
interface Sent {
  readonly atMs: number;
  readonly elements: readonly (Record<string, unknown> | string)[];
}

/** One symbol: trades every 200 ms, ten times the size after two minutes, a fair value every second, a bar a minute. */
function aMarket(turn: number, seconds: number): readonly Sent[] {
  const sent: Sent[] = [];
  for (let n = 0; n < seconds * 5; n++) {
    const atMs = n * 200;
    const t = A_MONDAY + atMs;
    const price = Math.round(10_000 + 40 * Math.sin((n + turn) / 37) + 4 * Math.sin((n * turn) / 3)) / 100;
    const size = (50 + ((n * 7 + turn) % 40)) * (n > 610 ? 10 : 1);
    sent.push({ atMs, elements: [wireTrade({ i: `${n}`, p: price, s: size, t, q: n })] });
    if (n % 5 === 4) {
      const off = Math.round(price * (1 + 0.02 * Math.sin(n / 50)) * 100) / 100;
      sent.push({ atMs: atMs + 100, elements: [wireFairValue("AAPL", `${t + 90}000000`, off)] });
    }
    if (n % 300 === 299) {
      const s = A_MONDAY + Math.floor(atMs / 60_000) * 60_000;
      const bar = wireBar({
        ev: "AM",
        s,
        e: s + 60_000,
        o: price - 0.8,
        c: price,
        h: price,
        l: price - 1,
        v: 500 + n,
      });
      sent.push({ atMs: atMs + 190, elements: [bar] });
    }
  }
  return sent;
}

/** Sends frames at their times, from the clock's present on; then, unless told otherwise, waits for all to be appended. */
async function play(scene: DerivedScene, sent: readonly Sent[], settleMs = 1000): Promise<void> {
  for (const { atMs, elements } of sent) {
    const wait = A_MONDAY + atMs - scene.clock.now();
    if (wait > 0) await scene.clock.advance(wait);
    scene.pipeline.accept(frameOf(elements, { rx: scene.clock.now() }));
  }
  await scene.clock.advance(settleMs);
}

const keysIn = async (scene: DerivedScene) =>
  (await scene.list("signal")).filter((event) => event.type === "signal").map((event) => String(event.key));
const gapsIn = async (scene: DerivedScene) =>
  (await scene.list("signal")).filter((event) => event.type === "gap");

test("signals of what was appended stand in their list, with ids, and heatmaps in theirs", async () => {
  const scene = await startDerived();
  await play(scene, aMarket(3, 130));
  const kinds = new Set((await scene.list("signal")).map((event) => event.kind));
  for (const kind of ["session_high", "surge", "trend", "bar_move", "fmv_deviation"]) {
    assert(kinds.has(kind), kind);
  }
  const [first] = await scene.list("signal");
  assert(/^[0-9a-z]{8}-1$/.test(String(first?.id)));
  const heatmaps = await scene.list("heatmap");
  assertEquals(heatmaps.map(({ sym, price }) => [sym, price === null]), [
    ["AAPL", true],
    ["AAPL", false],
    ["AAPL", false],
  ]);
  await scene.kill();
});

test("killed at any moment and started again, it says every signal of an undisturbed run once", async () => {
  const whole = await startDerived();
  const market = aMarket(3, 60);
  await play(whole, market);
  const expected = await keysIn(whole);
  await whole.kill();
  assert(expected.length > 30, `${expected.length} signals`);
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 1, max: market.length - 1 }), { maxLength: 3 }),
      async (kills) => {
        let scene = await startDerived();
        let from = 0;
        for (const at of [...kills.sort((a, b) => a - b), market.length]) {
          await play(scene, market.slice(from, at));
          from = at;
          if (at === market.length) break;
          await scene.kill();
          scene = await startDerived(scene);
        }
        assertEquals((await keysIn(scene)).sort(), expected.toSorted());
        assertEquals(await gapsIn(scene), []);
        await scene.kill();
      },
    ),
    { numRuns: 25 },
  );
});

test("killed with events under way, it says what the lists' events give, none twice and none missing", async () => {
  const market = aMarket(3, 60);
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 1, max: market.length - 1 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 0, max: 60 }),
      async (kills, settleMs) => {
        let scene = await startDerived();
        let from = 0;
        for (const at of kills.sort((a, b) => a - b)) {
          await play(scene, market.slice(from, at), settleMs);
          from = at;
          await scene.kill();
          scene = await startDerived(scene);
        }
        await play(scene, market.slice(from));
        const listed = (await Promise.all(["tick", "minute"].map((list) => scene.list(list)))).flat();
        const events = listed.sort((a, b) => Number(a.rx) - Number(b.rx)).map((event) =>
          FeedEvent.parse(event)
        );
        const fold = createSignalFold({ thresholds: LIVELY.thresholds });
        const expected = events.flatMap((event) => event.type === "gap" ? [] : fold.apply(event)).map((
          { key },
        ) => key);
        const keys = await keysIn(scene);
        assertEquals(new Set(keys).size, keys.length);
        assertEquals(keys.filter((key) => !key.startsWith("fmv")).sort(), expected.sort());
        await scene.kill();
      },
    ),
    { numRuns: 25 },
  );
});

test("a clean stop saves everything: the next one has nothing to catch up and repeats nothing", async () => {
  const first = await startDerived();
  const market = aMarket(5, 20);
  await play(first, market);
  await first.stop();
  const { cursor, states } = await first.store.loadFold("signal");
  const [tick, fmv] = await Promise.all(["tick", "fmv"].map((list) => first.store.readTail(list, 0)));
  assertEquals(
    cursor?.split(",").sort(),
    [`fmv:${fmv?.head?.epoch}-${fmv?.head?.seq}`, `tick:${tick?.head?.epoch}-${tick?.head?.seq}`],
  );
  assertEquals([...states.keys()], ["AAPL"]);
  const before = await keysIn(first);
  const second = await startDerived(first);
  await second.clock.advance(1000);
  assertEquals(await keysIn(second), before);
  await second.kill();
});

test("a checkpoint is never over five seconds old", async () => {
  const scene = await startDerived();
  let behind = 0;
  const market = aMarket(7, 30);
  for (const sent of market) {
    await play(scene, [sent]);
    const { cursor } = await scene.store.loadFold("signal");
    const { head } = await scene.store.readTail("tick", 0);
    const saved = Number(/tick:[0-9a-z]+-(\d+)/.exec(cursor ?? "")?.[1] ?? 0);
    if (head !== undefined) behind = Math.max(behind, head.seq - saved);
    if (scene.clock.now() > A_MONDAY + 60_000) break;
  }
  // One frame a second here, for `play` waits a second after each.
  assert(behind > 0 && behind <= 5, `${behind} s behind`);
  await scene.kill();
});

test("what fell between the checkpoint and the start of the lists is told as a gap in signal, and only there", async () => {
  const first = await startDerived();
  await play(first, aMarket(3, 10));
  await first.kill();
  const told = await keysIn(first);
  // The same market goes on under a leader without derived streams: 1200 trades push the checkpoint's place off the list.
  const other = await startDerived(first, { settings: { ...LIVELY, heatmapSymbols: [] }, pipeline: {} });
  await other.kill();
  const tick = await first.store.readTail("tick", 0);
  const lease = await first.store.readLease();
  const bodies = Array.from({ length: 1200 }, (_, n) => ({
    text: JSON.stringify({
      type: "trade",
      sym: "AAPL",
      t: A_MONDAY + 20_000 + n,
      rx: A_MONDAY + 20_000 + n,
      price: 90,
    }),
    lastField: "trade:AAPL",
    t: A_MONDAY + 20_000 + n,
  }));
  let expected = tick.head;
  for (let n = 0; n < 3 && expected !== undefined && lease !== undefined; n++) {
    const part = bodies.slice(n * 400, (n + 1) * 400);
    const { epoch, seq } = expected;
    const append = {
      list: "tick",
      capEvents: 1000,
      fence: lease.fence,
      expected,
      batch: `b${n}`,
      bodies: part,
      pullMs: 10,
    };
    await first.store.append(append);
    expected = { epoch, seq: seq + part.length, pullMs: 10 };
  }
  const second = await startDerived(first);
  await second.clock.advance(1000);
  const [gap, ...others] = await gapsIn(second);
  assertEquals(others, []);
  assertEquals([gap?.lost, gap?.cause], [null, "upstream"]);
  assert(
    Number(gap?.from) > A_MONDAY && Number(gap?.from) < A_MONDAY + 20_000,
    "from what the checkpoint knew",
  );
  assertEquals(gap?.to, A_MONDAY + 20_200, "to the first event held");
  assertEquals((await second.list("heatmap")).filter((event) => event.type === "gap"), []);
  const keys = await keysIn(second);
  assertEquals(new Set(keys).size, keys.length);
  assertEquals(keys.slice(0, told.length), told);
  await second.kill();
});

test("a list that was lost is a gap too, and the fold goes on with its state", async () => {
  const clock = new ManualClock();
  const first = await startDerived({ clock });
  await play(first, aMarket(3, 20));
  await first.stop();
  const { states, cursor } = await first.store.loadFold("signal");
  const second = await startDerived({ clock });
  await second.store.saveFold(
    "signal",
    second.host === undefined ? 0 : await fenceOf(second),
    states,
    cursor ?? "",
  );
  await second.kill();
  const third = await startDerived(second);
  await third.clock.advance(100);
  assertEquals((await gapsIn(third)).length, 1);
  await third.kill();
});

const fenceOf = async (scene: DerivedScene) => (await scene.store.readLease())?.fence ?? 0;

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
