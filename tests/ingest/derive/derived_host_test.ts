import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FeedEvent } from "../../../src/feed/event.ts";
import { createSignalFold } from "../../../src/signals/signal_fold.ts";
import { A_MONDAY } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { aMarket, fenceOf, gapsIn, keysIn, play } from "../derived_market.ts";
import { LIVELY, startDerived } from "../derived_scene.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

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
