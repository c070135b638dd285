/** Signals in words. Pure. */
import type { StreamEvents } from "../../client/message.ts";
import { formatPercent, formatPrice, formatSpan } from "../number_format.ts";

/** How a signal reads and which way it points. */
export interface SignalText {
  readonly title: string;
  readonly detail: string;
  readonly sign: "up" | "down" | "";
  readonly isAlert: boolean;
}

type Signal = StreamEvents["signal"];

const TITLES: Readonly<Record<string, string>> = {
  session_high: "Session high",
  session_low: "Session low",
  surge: "Surge",
  trend: "Trend",
  close_at_high: "Closed at its high",
  close_at_low: "Closed at its low",
  bar_move: "Bar move",
  volume_spike: "Volume spike",
  fmv_deviation: "Off fair value",
};

const UP = new Set(["up", "session_high", "close_at_high", "undervalued"]);
const DOWN = new Set(["down", "session_low", "close_at_low", "overvalued"]);

const numberOf = (signal: Signal, ...names: string[]): number | undefined => {
  for (const name of names) if (typeof signal[name] === "number") return signal[name];
  return undefined;
};

function detailOf(signal: Signal): string {
  const parts: string[] = [];
  const price = numberOf(signal, "price", "close", "market_price");
  if (price !== undefined) parts.push(formatPrice(price));
  const percent = numberOf(signal, "deviation_percent", "movePercent");
  if (percent !== undefined) parts.push(formatPercent(percent));
  const ratio = numberOf(signal, "ratio");
  const measure = signal.measure === "price" ? "the usual move" : "the usual volume";
  if (ratio !== undefined) parts.push(`${formatPrice(ratio, 1)}× ${measure}`);
  const horizonMs = numberOf(signal, "horizonMs");
  if (horizonMs !== undefined) parts.push(`over ${formatSpan(horizonMs)}`);
  if (signal.kind === "fmv_deviation" && typeof signal.direction === "string") parts.push(signal.direction);
  const confidence = numberOf(signal, "confidence");
  if (confidence !== undefined) parts.push(`confidence ${confidence.toFixed(2)}`);
  return parts.join(" · ");
}

/** Reads a signal; kinds of tomorrow read as their own name. */
export function signalText(signal: Signal): SignalText {
  const direction = typeof signal.direction === "string" ? signal.direction : "";
  const percent = numberOf(signal, "deviation_percent", "movePercent");
  const isUp = UP.has(direction) || UP.has(signal.kind) || (!direction && (percent ?? 0) > 0);
  const isDown = DOWN.has(direction) || DOWN.has(signal.kind) || (!direction && (percent ?? 0) < 0);
  return {
    title: TITLES[signal.kind] ?? signal.kind.replaceAll("_", " "),
    detail: detailOf(signal),
    sign: isUp ? "up" : isDown ? "down" : "",
    isAlert: signal.alert === true,
  };
}
