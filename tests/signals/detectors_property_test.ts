import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { MinuteBar, SymbolEvent } from "../../src/feed/event.ts";
import { keysOf, signalsOf } from "./collect.ts";
import { market, minuteBars } from "./generated_market.ts";
import { barKeys, extremeKeys, fmvKeys, looksOf, surgeKeys, trendKeys } from "./second_implementation.ts";

const RUNS = 300;

/** What the fold says of some kinds, as the second implementation writes keys. */
const foldKeys = (events: readonly SymbolEvent[], ...kinds: readonly string[]) =>
  keysOf(signalsOf(events), ...kinds).map((key) => key.replace("|AAPL|", "|"));

/** Runs a law over generated markets, and makes sure that they gave it something to say. */
function agrees(
  name: string,
  markets: fc.Arbitrary<readonly SymbolEvent[]>,
  plain: (events: readonly SymbolEvent[]) => readonly string[],
  ...kinds: readonly string[]
): void {
  Deno.test({
    name: `${name} equal a plain recomputation on generated markets`,
    permissions: "none",
    fn() {
      let said = 0;
      fc.assert(
        fc.property(markets, (events) => {
          const expected = plain(events);
          said += expected.length;
          assertEquals([...foldKeys(events, ...kinds)].sort(), [...expected].sort());
        }),
        { numRuns: RUNS },
      );
      assert(said > RUNS / 10, `only ${said} signals in ${RUNS} markets`);
    },
  });
}

for (const ticks of ["trade", "second", "both"] as const) {
  const of = `from ${
    ticks === "both" ? "trades with second bars" : ticks === "trade" ? "trades" : "second bars"
  }`;
  agrees(
    `session highs and lows ${of}`,
    market(ticks),
    (all) => extremeKeys(looksOf(all)),
    "session_high",
    "session_low",
  );
  agrees(`surges ${of}`, market(ticks), (all) => surgeKeys(looksOf(all)), "surge");
  agrees(`trends ${of}`, market(ticks), (all) => trendKeys(looksOf(all)), "trend");
  agrees(`fair value deviations ${of}`, market(ticks, 80), fmvKeys, "fmv_deviation");
}
agrees(
  "bar signals, with late and corrected bars,",
  minuteBars,
  (bars) => barKeys(bars.filter((bar): bar is MinuteBar => bar.type === "minute")),
  "close_at_high",
  "close_at_low",
  "bar_move",
  "volume_spike",
  "session_high",
  "session_low",
);
