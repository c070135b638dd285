/**
 * The detectors' rules once more, written to be obvious rather than quick: every judgement looks at the whole history again.
 * For one symbol, default thresholds. Gives the keys each rule must emit, without the symbol: compare with the fold's.
 */
import type { FairValue, MinuteBar, SymbolEvent } from "../../src/feed/event.ts";
import { marketOfSymbol, sessionAt } from "../../src/feed/market_calendar.ts";

/** A look at the price, with the rules of the tape applied. */
interface Look {
  readonly t: number;
  readonly lastT: number;
  readonly session: string;
  readonly high: number;
  readonly low: number;
  readonly last: number;
  readonly volume: number;
  readonly isNews: boolean;
}

const round = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits;
const percent = (from: number, to: number) => round(((to - from) / from) * 100, 6);
const unique = (keys: readonly string[]) => [...new Set(keys)];
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Trades, and second bars no trade has told; generated markets carry no conditions. */
export function looksOf(events: readonly SymbolEvent[]): readonly Look[] {
  return events.flatMap((event, n): Look[] => {
    if (event.type !== "trade" && event.type !== "second") return [];
    const { phase, dayKey: day, fromMs } = sessionAt(marketOfSymbol(event.sym), event.t);
    const where = { t: event.t, session: `${day}|${phase === "closed" ? `${phase}@${fromMs}` : phase}` };
    const earlier = events.slice(0, n);
    if (event.type === "trade") {
      const { price, size = 0 } = event;
      return [{ ...where, lastT: event.t, high: price, low: price, last: price, volume: size, isNews: true }];
    }
    if (earlier.some((other) => other.type === "trade" && other.t >= event.t)) return [];
    const isNews = !earlier.some((other) => other.type === "second" && other.t >= event.t);
    const { high, low, close: last, end: lastT } = event;
    return [{ ...where, lastT, high, low, last, volume: isNews ? event.volume : 0, isNews }];
  });
}

/** Every print compared with all before it of its session. */
export function extremeKeys(looks: readonly Look[]): readonly string[] {
  const keys: string[] = [];
  looks.forEach((look, n) => {
    const before = looks.slice(0, n).filter((other) => other.session === look.session);
    if (before.length === 0) return;
    if (look.high > Math.max(...before.map((other) => other.high))) {
      keys.push(`session_high|${look.session}|${look.high}`);
    }
    if (look.low < Math.min(...before.map((other) => other.low))) {
      keys.push(`session_low|${look.session}|${look.low}`);
    }
  });
  return unique(keys);
}

/**
 * Prints that a rule in time steps takes: not those of an earlier step than the newest. Begins anew after a silence longer than
 * `span` steps and with each session; gives the run each print ends.
 */
function runsOf(looks: readonly Look[], stepMs: number, span: number): readonly (readonly Look[])[] {
  const step = (look: Look) => Math.floor(look.t / stepMs);
  let run: readonly Look[] = [];
  return looks.flatMap((look) => {
    const newest = run.at(-1);
    const ahead = newest === undefined ? Infinity : step(look) - step(newest);
    if (ahead < 0 && ahead >= -span) return [];
    run = Math.abs(ahead) > span || newest?.session !== look.session ? [look] : [...run, look];
    return [run];
  });
}

const WINDOW_MS = 10_000;
const BASELINE = 12;

/** A window's greatest distance from the last price before it, in percent. */
function moveIn(run: readonly Look[], window: number): number {
  const at = (look: Look) => Math.floor(look.t / WINDOW_MS);
  const inside = run.filter((look) => at(look) === window && look.isNews);
  const [first] = inside;
  if (first === undefined) return 0;
  const before = run.findLast((look) => at(look) < window && look.isNews)?.last ?? first.last;
  const up = Math.max(0, ...inside.map((look) => look.high - before));
  const down = Math.max(0, ...inside.map((look) => before - look.low));
  return round((Math.max(up, down) / before) * 100, 4);
}

/** Each window summed up from the raw prints, at every print again. */
export function surgeKeys(looks: readonly Look[]): readonly string[] {
  return unique(
    runsOf(looks, WINDOW_MS, BASELINE).flatMap((run) => {
      const at = (look: Look) => Math.floor(look.t / WINDOW_MS);
      const [first, look] = [run[0], run.at(-1)];
      if (first === undefined || look === undefined || at(first) > at(look) - BASELINE) return [];
      const window = at(look);
      const baseline = Array.from({ length: BASELINE }, (_, n) => window - BASELINE + n);
      const volumes = baseline.map((w) =>
        sum(run.filter((other) => at(other) === w).map((other) => other.volume))
      );
      if (volumes.filter((volume) => volume > 0).length < 6) return [];
      const volume = sum(run.filter((other) => at(other) === window).map((other) => other.volume));
      const meanMove = sum(baseline.map((w) => moveIn(run, w))) / BASELINE;
      const move = moveIn(run, window);
      return [
        ...(volume >= 4 * (sum(volumes) / BASELINE) ? [`surge|volume|${window * WINDOW_MS}`] : []),
        ...(look.isNews && move > 0 && move >= Math.max(0.2, 3 * meanMove)
          ? [`surge|price|${window * WINDOW_MS}`]
          : []),
      ];
    }),
  );
}

/** At the first print of each step, the closes of the six steps before, looked up one by one. */
export function trendKeys(looks: readonly Look[]): readonly string[] {
  const horizon = (horizonMs: number, least: number) => {
    const stepMs = horizonMs / 6;
    const at = (look: Look) => Math.floor(look.t / stepMs);
    let direction = 0;
    let begun: Look | undefined;
    return runsOf(looks.filter((look) => look.isNews), stepMs, 6).flatMap((run) => {
      const [first, before, look] = [run[0], run.at(-2), run.at(-1)];
      if (first !== begun) [begun, direction] = [first, 0];
      if (first === undefined || before === undefined || look === undefined || at(before) === at(look)) {
        return [];
      }
      const step = at(look);
      if (at(first) > step - 7) return [];
      const closes = [7, 6, 5, 4, 3, 2, 1].map((back) =>
        run.findLast((other) => at(other) <= step - back)?.last ?? NaN
      );
      const [from = NaN, to = NaN] = [closes[0], closes[6]];
      const path = sum(closes.slice(1).map((close, n) => Math.abs(close - (closes[n] ?? NaN))));
      const net = percent(from, to);
      const was = direction;
      const isTrend = Math.abs(net) >= least && path > 0 && Math.abs(to - from) / path >= 0.6;
      direction = isTrend ? Math.sign(net) : was * net >= least / 2 ? was : 0;
      if (direction === 0 || direction === was) return [];
      return [`trend|${horizonMs}|${direction > 0 ? "up" : "down"}|${step * stepMs}`];
    });
  };
  return [...horizon(60_000, 0.3), ...horizon(300_000, 0.8)];
}

/** Whether the n-th bar is no older than the five newest before it. */
function isAccepted(bars: readonly MinuteBar[], n: number): boolean {
  const times = [...new Set(bars.slice(0, n).map((other) => other.t))].sort((a, b) => a - b).slice(-5);
  const { t } = bars[n] ?? { t: -Infinity };
  return times.includes(t) || times.length < 5 || t > (times[0] ?? 0);
}

/** Each bar as it came, among the latest versions of those that came before it. For bars of one session. */
export function barKeys(bars: readonly MinuteBar[]): readonly string[] {
  const signals = bars.flatMap((bar, n) => {
    if (!isAccepted(bars, n)) return [];
    const versions = new Map(bars.slice(0, n).map((other) => [other.t, other.volume] as const));
    const times = [...versions.keys()].sort((a, b) => a - b).slice(-5);
    const window = [...new Set([...times, bar.t])].sort((a, b) => a - b).slice(-5);
    const earlier = window.filter((t) => t < bar.t).map((t) => versions.get(t) ?? NaN);
    const move = percent(bar.open, bar.close);
    const accepted = bars.slice(0, n).filter((other, m) => isAccepted(bars, m) && other !== bar);
    const { dayKey, phase } = sessionAt(marketOfSymbol(bar.sym), bar.t);
    const extreme = accepted.length > 0 && Math.abs(move) >= 1;
    const isWide = bar.high > bar.low && Math.abs(move) >= 1;
    const said: [is: boolean, kind: string, key: string][] = [
      [
        extreme && accepted.every((other) => other.high < bar.high),
        "session_high",
        `${dayKey}|${phase}|${bar.high}`,
      ],
      [
        extreme && accepted.every((other) => other.low > bar.low),
        "session_low",
        `${dayKey}|${phase}|${bar.low}`,
      ],
      [isWide && bar.close === bar.high, "close_at_high", `${bar.t}`],
      [isWide && bar.close === bar.low, "close_at_low", `${bar.t}`],
      [Math.abs(move) > 2, "bar_move", `${bar.t}`],
      [
        earlier.length === 4 && sum(earlier) > 0 && bar.volume / (sum(earlier) / 4) > 3,
        "volume_spike",
        `${bar.t}`,
      ],
    ];
    return said.filter(([is]) => is).map(([_is, kind, key]) => ({
      about: `${kind}|${bar.t}`,
      key: `${kind}|${key}`,
    }));
  });
  // Each kind once a bar, whatever its corrections.
  return unique(
    signals.filter((one, n) => signals.findIndex((other) => other.about === one.about) === n).map(({ key }) =>
      key
    ),
  );
}

/** Each fair value against the prints before it, their count faded from the first on. For ticks and fair values only. */
export function fmvKeys(events: readonly SymbolEvent[]): readonly string[] {
  const keys: string[] = [];
  events.forEach((event, n) => {
    if (event.type !== "fmv") return;
    const key = fmvKey(event, looksOf(events.slice(0, n)).filter((look) => look.isNews));
    if (key === undefined || keys.includes(key)) return;
    if (!keys.includes(key.replace("|notice|", "|alert|"))) keys.push(key);
  });
  return keys;
}

function fmvKey(value: FairValue, looks: readonly Look[]): string | undefined {
  let market: { price: number; t: number; n: number } | undefined;
  for (const look of looks) {
    if (market === undefined) market = { price: look.last, t: look.lastT, n: 1 };
    else if (look.lastT >= market.t) {
      market = {
        price: look.last,
        t: look.lastT,
        n: round(market.n * Math.exp((market.t - look.lastT) / 60_000) + 1, 3),
      };
    } else market = { ...market, n: round(market.n + 1, 3) };
  }
  if (market === undefined) return undefined;
  const age = Math.max(0, value.t - market.t);
  const n = market.n * Math.exp(-age / 60_000);
  const confidence = round(Math.exp(-age / 30_000) * (n / (n + 1)), 3);
  const off = percent(market.price, value.fmv);
  if (!(Math.abs(off) > 1) || confidence < 0.7) return undefined;
  const level = Math.min(10, Math.floor(Math.abs(off)));
  const words = [off > 0 ? "undervalued" : "overvalued", level, confidence >= 0.8 ? "alert" : "notice"];
  return `fmv_deviation|${words.join("|")}|${Math.floor(value.t / 60_000) * 60_000}`;
}
