import { assertEquals } from "@std/assert";
import type { SymbolEvent } from "../../../src/feed/event.ts";
import { A_MONDAY, aTrade } from "../../support/event_factory.ts";
import { ofKind, signalsOf, tradesAt } from "../collect.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const trends = (events: Iterable<SymbolEvent>) => ofKind(signalsOf(events), "trend");
/** One print at the start of every 10 s. */
const line = (prices: readonly number[]) => tradesAt(prices.map((price, n) => [n * 10, price] as const));

pure(
  "six steps of one way that make up the least move are a trend, told when the seventh close is known",
  () => {
    const [trend, ...others] = trends(line([100, 100.05, 100.1, 100.15, 100.2, 100.25, 100.3, 100.35]));
    assertEquals(others, []);
    assertEquals([trend?.direction, trend?.movePercent, trend?.efficiency, trend?.horizonMs], [
      "up",
      0.3,
      1,
      60_000,
    ]);
    assertEquals(trend?.key, `trend|AAPL|60000|up|${A_MONDAY + 70_000}`);
    assertEquals(trend?.confirmed, false);
  },
);

pure("a little less than the least move is none", () => {
  assertEquals(trends(line([100, 100.05, 100.1, 100.15, 100.2, 100.25, 100.29, 100.29])), []);
});

pure("to and fro is no trend however far it ends", () => {
  // Net 0.4 over a path of 0.8: efficiency one half.
  assertEquals(trends(line([100, 100.2, 100, 100.2, 100.2, 100.2, 100.4, 100.4])), []);
});

pure("a trend is told once while it lasts, and again when it turns", () => {
  const up = Array.from({ length: 12 }, (_, n) => 100 + n * 0.06);
  const down = Array.from({ length: 14 }, (_, n) => 100.66 - n * 0.08);
  assertEquals(trends(line([...up, ...down])).map(({ direction }) => direction), ["up", "down"]);
});

pure("the longer horizon confirms the shorter", () => {
  const steep = Array.from({ length: 40 }, (_, n) => 100 + n * 0.08);
  const found = trends(line(steep));
  assertEquals(found.map(({ horizonMs, confirmed }) => [horizonMs, confirmed]), [[60_000, false], [
    300_000,
    true,
  ]]);
});

pure("a silence repeats the last price, one longer than the horizon begins anew", () => {
  const rising = [100, 100.05, 100.1, 100.15].map((price, n) => [n * 10, price] as const);
  assertEquals(trends(tradesAt([...rising, [65, 100.4], [71, 100.4]])).length, 1);
  assertEquals(trends(tradesAt([...rising, [105, 101], [116, 102]])), []);
});

pure("watching begins anew with the session", () => {
  const open = Date.parse("2026-03-02T14:30:00Z");
  const rise = (from: number) =>
    Array.from({ length: 10 }, (_, n) => aTrade({ t: from + n * 10_000, price: 100 + n * 0.1 }));
  assertEquals(trends(rise(open - 40_000)), []);
  assertEquals(trends(rise(open)).length, 1);
});
