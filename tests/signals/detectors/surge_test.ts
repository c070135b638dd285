import { assertEquals } from "@std/assert";
import type { Signal, SymbolEvent } from "../../../src/feed/event.ts";
import { A_MONDAY, aTrade } from "../../support/event_factory.ts";
import { keysOf, ofKind, signalsOf, tradesAt } from "../collect.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** Two minutes at 100 each 10 s, price 100 ± 0.05 every window: mean volume 100, mean move 0.05 %. */
const calm = Array.from({ length: 12 }, (_, n) => [n * 10 + 1, n % 2 ? 100.05 : 100, 100] as const);
const surges = (events: Iterable<SymbolEvent>): readonly Signal[] => ofKind(signalsOf(events), "surge");
const after = (...rows: readonly (readonly [number, number, number])[]) => tradesAt([...calm, ...rows]);

pure("four times the mean volume of twelve windows is a surge, one share less is not", () => {
  assertEquals(surges(after([121, 100, 399])), []);
  const [surge, ...others] = surges(after([121, 100, 300], [122, 100, 100], [123, 100, 5000]));
  assertEquals(others, []);
  assertEquals(surge?.key, `surge|AAPL|volume|${A_MONDAY + 120_000}`);
  assertEquals([surge?.measure, surge?.value, surge?.baseline, surge?.ratio], ["volume", 400, 100, 4]);
  assertEquals([surge?.t, surge?.source], [A_MONDAY + 122_000, "tick"]);
});

pure("a window moving three times the mean move and at least 0.2 percent is a surge, up or down", () => {
  // The baseline's first window has no price before it and moves 0; the other eleven move 0.05 (or 0.04998) percent.
  assertEquals(surges(after([121, 100.24, 1])), []);
  const [up] = surges(after([121, 100.26, 1]));
  assertEquals([up?.measure, up?.direction, up?.value, up?.ratio], ["price", "up", 0.2099, 4.58]);
  const [down] = surges(after([121, 99.8, 1]));
  assertEquals([down?.direction, down?.value], ["down", 0.2499]);
});

pure("the next window may surge again, with a key of its own", () => {
  assertEquals(keysOf(surges(after([121, 100, 900], [131, 100, 900])), "surge"), [
    `surge|AAPL|volume|${A_MONDAY + 120_000}`,
    `surge|AAPL|volume|${A_MONDAY + 130_000}`,
  ]);
});

pure("without a whole baseline, or with one too quiet, nothing is a surge", () => {
  assertEquals(surges(tradesAt([...calm.slice(1), [121, 100, 9000]])), []);
  const quiet = calm.filter((_, n) => n === 0 || n > 6);
  assertEquals(quiet.length, 6);
  assertEquals(surges(tradesAt([...quiet, [121, 100, 9000]])).length, 1);
  assertEquals(surges(tradesAt([...quiet.slice(0, 5), [121, 100, 9000]])), []);
});

pure("the opening bell is no surge over the pre-market: the baseline begins anew with the session", () => {
  const open = Date.parse("2026-03-02T14:30:00Z");
  const before = Array.from(
    { length: 12 },
    (_, n) => aTrade({ t: open - (13 - n) * 10_000, price: 100, size: 10 }),
  );
  assertEquals(surges([...before, aTrade({ t: open + 1, price: 105, size: 100_000 })]), []);
  assertEquals(surges([...before, aTrade({ t: open - 1, price: 105, size: 100_000 })]).length, 2);
});

pure(
  "a print from before the present window changes nothing, one from before the baseline begins anew",
  () => {
    const late = aTrade({ t: A_MONDAY + 115_000, price: 90, size: 9000 });
    assertEquals(surges([...after([121, 100, 10]), late]), []);
    const ages = aTrade({ t: A_MONDAY - 3600_000, price: 90, size: 9000 });
    assertEquals(surges([...after([121, 100, 10]), ages, ...tradesAt([[122, 100, 9000]])]), []);
  },
);

pure("size 0 and senseless sizes add nothing", () => {
  for (const size of [0, -5, NaN, Infinity]) {
    assertEquals(surges([...after(), aTrade({ t: A_MONDAY + 121_000, price: 100, size })]), []);
  }
});
