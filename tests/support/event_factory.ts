/** Builders of valid events, one per model: every field has a plausible value, and a test states only what it is about. */
import type { FairValue, Gap, Heatmap, MinuteBar, SecondBar, Signal, Trade } from "../../src/feed/event.ts";

/** 2026-03-02 15:00 UTC: a Monday, New York's regular session. */
export const A_MONDAY = Date.UTC(2026, 2, 2, 15);

export const aTrade = (over: Partial<Trade> = {}): Trade => ({
  type: "trade",
  sym: "AAPL",
  t: A_MONDAY,
  rx: A_MONDAY + 20,
  price: 187.25,
  size: 100,
  tid: "1",
  x: 4,
  tape: 3,
  q: 1,
  ...over,
});

const bar = (widthMs: number, t: number) => ({
  sym: "AAPL",
  t,
  rx: t + widthMs + 20,
  end: t + widthMs,
  open: 187,
  high: 187.5,
  low: 186.75,
  close: 187.25,
  volume: 1200,
  vwap: 187.1,
  dayVolume: 4_000_000,
  dayOpen: 186,
  dayVwap: 186.9,
  avgSize: 60,
});

export const aSecond = (over: Partial<SecondBar> = {}): SecondBar => ({
  type: "second",
  ...bar(1000, over.t ?? A_MONDAY),
  ...over,
});

export const aMinute = (over: Partial<MinuteBar> = {}): MinuteBar => ({
  type: "minute",
  ...bar(60_000, over.t ?? A_MONDAY),
  ...over,
});

export const aFairValue = (over: Partial<FairValue> = {}): FairValue => ({
  type: "fmv",
  sym: "AAPL",
  t: A_MONDAY,
  rx: A_MONDAY + 20,
  fmv: 187.31,
  ns: 120_843,
  ...over,
});

export const aSignal = (over: Partial<Signal> = {}): Signal => ({
  type: "signal",
  sym: "AAPL",
  t: A_MONDAY,
  rx: A_MONDAY + 20,
  kind: "session_high",
  source: "tick",
  key: `session_high|AAPL|${A_MONDAY}`,
  ...over,
});

export const aHeatmap = (over: Partial<Heatmap> = {}): Heatmap => ({
  type: "heatmap",
  sym: "X:BTC-USD",
  t: A_MONDAY,
  rx: A_MONDAY + 20,
  hash: "0a1b2c3d",
  ...over,
});

export const aGap = (over: Partial<Gap> = {}): Gap => ({
  type: "gap",
  t: A_MONDAY,
  rx: A_MONDAY,
  lost: 3,
  cause: "overflow",
  from: A_MONDAY - 1000,
  to: A_MONDAY,
  ...over,
});
