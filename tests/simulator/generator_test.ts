import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertNotEquals,
} from "@std/assert";
import fc from "fast-check";
import { MarketGenerator } from "../../src/simulator/generator/generator.ts";
import {
  DEFAULT_GENERATOR,
  type GeneratorOptions,
  STEP_MS,
} from "../../src/simulator/generator/generator_options.ts";
import { stockUniverse } from "../../src/simulator/generator/universe.ts";
import type { OutboundEvent } from "../../src/simulator/hub.ts";
import { normalBehaviour } from "../../src/simulator/protocol/behaviour.ts";

/** 2026-03-02 10:00:00 in New York, in the regular session. */
const START = Date.UTC(2026, 2, 2, 15);

interface Made {
  readonly at: number;
  readonly event: OutboundEvent;
  readonly value: Record<string, number | string | number[]>;
}

/** Everything a market of so many seconds says. */
function market(seconds: number, over: Partial<GeneratorOptions> = {}, start = START): Made[] {
  const generator = new MarketGenerator({ ...DEFAULT_GENERATOR, ...over }, start, normalBehaviour());
  const made: Made[] = [];
  for (let step = 0; step < seconds * 1000 / STEP_MS; step++) {
    for (const event of generator.step()) {
      made.push({ at: generator.now, event, value: JSON.parse(event.text) });
    }
  }
  return made;
}

const only = (made: readonly Made[], ...prefixes: string[]) =>
  made.filter(({ event }) => prefixes.includes(event.prefix));
const volumeOf = ({ value }: Made) => Number(value.ds ?? value.s);
const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const anyMarket = fc.record({
  seed: fc.nat(),
  symbols: fc.integer({ min: 1, max: 40 }),
  rate: fc.integer({ min: 5, max: 400 }),
  secondHoldMs: fc.constantFrom(0, 200, 2000),
  lateShare: fc.constantFrom(0, 0.01, 0.1),
  lateMeanMs: fc.constantFrom(500, 5000),
});

pure("The same seed and start make the same market to the last character, another seed another one", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const texts = (of: number) => market(5, { seed: of }).map(({ event }) => event.text);
      assertEquals(texts(seed), texts(seed));
      assertNotEquals(texts(seed), texts(seed + 1));
    }),
    { numRuns: 5 },
  );
});

pure("Every bar is the fold of the trades sent before it, late prints and their corrections included", () => {
  fc.assert(
    fc.property(anyMarket, (options) => {
      const made = market(75, options);
      for (
        const [trade, bar, widthMs] of [["T", "A", 1000], ["T", "AM", 60_000], ["XT", "XAS", 1000]] as const
      ) {
        const windows = new Map<
          string,
          { high: number; low: number; open: number; volume: number; notional: number }
        >();
        for (const each of only(made, trade, bar)) {
          const { value, event } = each;
          const start = event.prefix === bar
            ? Number(value.s)
            : Math.floor(Number(value.t) / widthMs) * widthMs;
          const key = `${event.symbol}|${start}`;
          const window = windows.get(key);
          if (event.prefix === trade) {
            const price = Number(value.p);
            const volume = volumeOf(each);
            windows.set(key, {
              open: window?.open ?? price,
              high: Math.max(window?.high ?? price, price),
              low: Math.min(window?.low ?? price, price),
              volume: (window?.volume ?? 0) + volume,
              notional: (window?.notional ?? 0) + price * volume,
            });
            continue;
          }
          assert(window, `${event.text} has no trades`);
          // A minute bar is made 20 ms after its minute and sent a little later: trades of its window are all there.
          assertEquals([value.o, value.h, value.l], [window.open, window.high, window.low], event.text);
          const volume = value.dv === undefined ? Number(value.v) : Number(value.dv);
          assertAlmostEquals(volume, window.volume, 1e-5);
          const tolerance = bar === "XAS" ? 1e-4 * Number(value.o) : 6e-5;
          assertAlmostEquals(Number(value.vw), window.notional / window.volume, tolerance);
          assertEquals(Number(value.e) - Number(value.s), widthMs);
        }
      }
    }),
    { numRuns: 12 },
  );
});

pure("High is the highest and low the lowest of every bar", () => {
  const bars = only(market(70, { lateShare: 0.05 }), "A", "AM", "XAS", "XA");
  assertEquals(new Set(bars.map(({ event }) => event.prefix)), new Set(["A", "AM", "XAS", "XA"]));
  for (const { value } of bars) {
    for (const name of ["o", "c", "vw", "l"]) {
      assert(Number(value.h) >= Number(value[name]) - 1e-9, JSON.stringify(value));
    }
    for (const name of ["o", "c", "vw"]) {
      assert(Number(value.l) <= Number(value[name]) + 1e-9, JSON.stringify(value));
    }
    assertGreater(Number(value.l), 0);
  }
});

pure("No window without trades has a bar, and every window with trades has one", () => {
  const made = market(130, { lateShare: 0, symbols: 60, rate: 40 });
  const until = START + 120_000;
  for (
    const [trade, bar, widthMs] of [["T", "A", 1000], ["T", "AM", 60_000], ["XT", "XA", 60_000]] as const
  ) {
    const traded = new Set(
      only(made, trade).map((
        { value, event },
      ) => [event.symbol, Math.floor(Number(value.t) / widthMs) * widthMs])
        .filter(([, start]) => Number(start) < until).map(String),
    );
    const barred = only(made, bar).map(({ value, event }) => [event.symbol, Number(value.s)])
      .filter(([, start]) => Number(start) < until).map(String);
    assertEquals(new Set(barred), traded);
    assertEquals(barred.length, traded.size);
  }
});

pure("Second bars wait their hold, minute bars come in a burst with a tail of at most two seconds", () => {
  const made = market(130, { lateShare: 0 });
  for (const { at, value } of only(made, "A", "XAS")) {
    assertGreater(at - Number(value.e), 1999);
    assertLess(at - Number(value.e), 2000 + 2 * STEP_MS);
  }
  const delays = only(made, "AM", "XA").map(({ at, value }) => at - Number(value.e));
  assertGreater(delays.length, 30);
  for (const delay of delays) assert(delay > 0 && delay <= 2000 + 3 * STEP_MS, `${delay}`);
  assertGreater(delays.filter((delay) => delay < 450).length / delays.length, 0.8);
});

pure("The day's volume and average price are those of the trades so far", () => {
  const made = market(30, { lateShare: 0, openBurst: false });
  const day = new Map<string, { volume: number; notional: number }>();
  const perSecond = new Map<string, { volume: number; notional: number }>();
  assertGreater(only(made, "A").length, 0);
  for (const each of only(made, "T", "A")) {
    const { event, value } = each;
    if (event.prefix === "T") {
      const total = day.get(event.symbol) ?? { volume: 0, notional: 0 };
      total.volume += volumeOf(each);
      total.notional += volumeOf(each) * Number(value.p);
      day.set(event.symbol, total);
      perSecond.set(`${event.symbol}|${Math.floor(Number(value.t) / 1000) * 1000}`, { ...total });
    } else {
      const then = perSecond.get(`${event.symbol}|${value.s}`);
      assert(then);
      assertAlmostEquals(Number(value.dav), then.volume, 1e-5);
      assertEquals(value.av, Math.floor(then.volume + 1e-9));
      assertAlmostEquals(Number(value.a), then.notional / then.volume, 1e-4);
    }
  }
});

pure("Late prints make their bars go out again with more volume", () => {
  const made = market(90, { lateShare: 0.05, lateMeanMs: 4000 });
  const seen = new Map<string, number>();
  let corrections = 0;
  for (const { event, value } of only(made, "A", "AM")) {
    const key = `${event.prefix}|${event.symbol}|${value.s}`;
    const before = seen.get(key);
    if (before !== undefined) {
      corrections++;
      assert(Number(value.dv) >= before, event.text);
    }
    seen.set(key, Number(value.dv));
  }
  assertGreater(corrections, 20);
});

pure(
  "Trades have ids of their own, times and sequence numbers in order but for late prints, and plausible fields",
  () => {
    const made = only(market(60, { lateShare: 0 }), "T");
    const ids = new Set(made.map(({ value }) => `${value.sym}|${value.x}|${value.trfi ?? ""}|${value.i}`));
    assertEquals(ids.size, made.length);
    const last = new Map<string, { t: number; q: number }>();
    for (const { event, value, at } of made) {
      const before = last.get(event.symbol);
      const t = Number(value.t);
      const q = Number(value.q);
      if (before) assert(t >= before.t && q > before.q, event.text);
      last.set(event.symbol, { t, q });
      assert(t <= at && at - t <= STEP_MS, event.text);
      assert(value.pt === undefined || Number(value.pt) <= t, event.text);
      assertEquals(value.trfi === undefined, value.x !== 4);
      assertGreater(volumeOf({ value, event, at }), 0);
    }
    const share = (test: (value: Made["value"]) => boolean) =>
      made.filter(({ value }) => test(value)).length / made.length;
    assert(share((value) => value.c === undefined) > 0.1, "trades without conditions");
    assert(share((value) => value.trfi !== undefined) > 0.2, "off-exchange prints");
    assert(share((value) => value.s === 0) > 0, "sub-share trades");
  },
);

pure("Crypto has exponent sizes, numeric and UUID ids, and receipt times after the exchange's", () => {
  const made = only(market(60, { symbols: 0, rate: 100 }), "XT");
  assert(made.some(({ event }) => /"s":[\d.]+e-\d/.test(event.text)));
  assert(made.some(({ value }) => /^\d+$/.test(String(value.i))));
  assert(made.some(({ value }) => String(value.i).length === 36));
  for (const { value } of made) assertGreater(Number(value.r), Number(value.t));
});

pure("A few names trade most, most names hardly ever, and prices stay near where they began", () => {
  const made = only(market(120, { symbols: 200, rate: 300, openBurst: false }), "T");
  const counts = new Map<string, number>();
  for (const { event } of made) counts.set(event.symbol, (counts.get(event.symbol) ?? 0) + 1);
  const sorted = [...counts.values()].sort((a, b) => b - a);
  const top = sorted.slice(0, 10).reduce((sum, count) => sum + count, 0);
  assertGreater(top / made.length, 0.3);
  const prices = new Map(stockUniverse(200, DEFAULT_GENERATOR.seed).map((each) => [each.symbol, each.price]));
  for (const { event, value } of made) {
    const start = prices.get(event.symbol) ?? 0;
    assert(Math.abs(Number(value.p) / start - 1) < 0.2, `${event.text} began at ${start}`);
  }
});

pure("Trading starts busy and calms down, and its mean is the rate asked for", () => {
  const made = only(market(150, { rate: 200 }), "T", "XT");
  const during = (from: number, to: number) =>
    made.filter(({ at }) => at - START > from * 1000 && at - START <= to * 1000).length / (to - from);
  assertGreater(during(0, 10), 2 * during(120, 150));
  assert(Math.abs(during(120, 150) - 200) < 30, `${during(120, 150)}`);
});

pure("Names of one market move together", () => {
  const prices = new Map<string, number[]>();
  const generator = new MarketGenerator(
    { ...DEFAULT_GENERATOR, symbols: 12, rate: 150, openBurst: false, seed: 11 },
    START,
    normalBehaviour(),
  );
  const latest = new Map<string, number>();
  for (let sample = 0; sample < 60; sample++) {
    for (let step = 0; step < 200; step++) {
      for (const event of generator.step()) {
        if (event.prefix === "T" && ["SPY", "QQQ"].includes(event.symbol)) {
          latest.set(event.symbol, Number(JSON.parse(event.text).p));
        }
      }
    }
    for (const [symbol, price] of latest) prices.set(symbol, [...prices.get(symbol) ?? [], Math.log(price)]);
  }
  const returns = (symbol: string) =>
    (prices.get(symbol) ?? []).slice(-50).map((price, n, all) => price - (all[n - 1] ?? price));
  const [spy, qqq] = ["SPY", "QQQ"].map(returns);
  assert(spy && qqq);
  const dot = spy.reduce((sum, each, n) => sum + each * (qqq[n] ?? 0), 0);
  const norm = (list: number[]) => Math.sqrt(list.reduce((sum, each) => sum + each * each, 0));
  assertGreater(dot / (norm(spy) * norm(qqq)), 0.3);
});

pure("Before New York opens bars lack the official open, and at night stocks are silent", () => {
  const preMarket = Date.UTC(2026, 2, 2, 13);
  const early = only(market(10, { alwaysOpen: false }, preMarket), "A");
  assertGreater(early.length, 0);
  assert(early.every(({ value }) => value.op === undefined));
  assertEquals(only(market(10, { alwaysOpen: false }, Date.UTC(2026, 2, 2, 5)), "T", "A", "AM"), []);
  const open = only(market(10, { alwaysOpen: false }), "A");
  assert(open.some(({ value }) => typeof value.op === "number"));
});

pure("Fair values come at most once a second a name, with 19-digit times", () => {
  const made = only(market(30), "FMV");
  const last = new Map<string, number>();
  for (const { event, at } of made) {
    const digits = /"t":(\d+)/.exec(event.text)?.[1] ?? "";
    assertEquals(digits.length, 19);
    const ms = Number(digits.slice(0, 13));
    assert(ms <= at && ms > at - 2 * STEP_MS);
    assert(ms - (last.get(event.symbol) ?? 0) >= 1000, event.text);
    last.set(event.symbol, ms);
  }
  assertGreater(made.length, 100);
});

pure("Key order varies, and unknown keys turn up now and then", () => {
  const made = only(market(60), "T");
  assertGreater(new Set(made.map(({ event }) => event.text.slice(0, 6))).size, 4);
  assert(made.some(({ event }) => event.text.includes('"zz":')));
});
