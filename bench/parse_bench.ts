/**
 * Parse and normalise. Budget (`docs/performance.md`): at least 200 000 events/s on one core, so a frame of 100 events may
 * take 500 µs at most (one of 1 event: 5 µs).
 */
import type { Market } from "../src/feed/wire_fields.ts";
import { parseFrame } from "../src/ingest/wire/parse_frame.ts";
import { splitElements } from "../src/ingest/wire/split_elements.ts";
import { frameOf, wireBar, wireFairValue, wireTrade } from "../tests/support/wire_factory.ts";

const EVENTS = 100;
const times = <T>(make: (n: number) => T): T[] => Array.from({ length: EVENTS }, (_, n) => make(n));
const drop = (reason: string): void => {
  throw new Error(reason);
};

const trades = frameOf(times((n) => wireTrade({ sym: `S${n}`, c: [12, 37], trfi: 202, ds: "40.0" }))).text;
const bars = frameOf(times((n) => wireBar({ sym: `S${n}`, dv: "80.0", dav: "144673.243177" }))).text;
const values = frameOf(times((n) => wireFairValue(`S${n}`))).text;
const bad = frameOf(times((n) => wireTrade({ sym: `S${n}`, p: n % 10 === 0 ? "1" : 1 }))).text;
const coins =
  frameOf(times((n) => ({ ev: "XT", pair: `C${n}-USD`, p: 1.5, s: 4.5e-5, i: `${n}`, t: 1706649628023 })))
    .text;
const single = frameOf([wireTrade()]).text;

function bench(name: string, text: string, market: Market = "stocks", told = drop): void {
  Deno.bench({ name, group: "parse", fn: () => void parseFrame(text, market, 1_772_463_600_020, told) });
}

bench("one trade", single);
bench("100 trades", trades);
bench("100 second bars", bars);
bench("100 fair values with ns times", values);
bench("100 crypto trades", coins, "crypto");
bench("100 trades, 10 of them bad", bad, "stocks", () => {});
bench("100 trades in a truncated frame", trades.slice(0, -1), "stocks", () => {});
Deno.bench("split 100 trades", { group: "parse" }, () => void splitElements(trades));
