/**
 * What a detector is: one file that exports a {@link Detector}, and one line in `detector_table.ts`. It sees prints, judged
 * bars or fair values of one symbol at a time, keeps a small memory per symbol, and emits. It has no clock: time is the events'.
 * Contract: the same events in the same order give the same signals with the same keys, whether or not the memory was saved
 * and opened again in between; a memory's size does not grow with the number of events.
 */
import type { FairValue } from "../../feed/event.ts";
import type { JudgedBar } from "../bar_window.ts";
import type { Print } from "../print.ts";
import type { Saved } from "../saved.ts";
import type { ReadThreshold, ThresholdSpec } from "../threshold.ts";

/** A signal's own numbers and words. */
export type SignalFields = Readonly<Record<string, number | string | boolean>>;

/**
 * Reports a signal about the event at hand, whose stream is the signal's `source`. `mark` makes the key (`kind|sym|mark`): it names what was seen (a price, a bar, a
 * window), never when or how often it was looked at, so that a second look at the same input gives the same key.
 */
export type Emit = (kind: string, mark: string, fields: SignalFields) => void;

/** One symbol's memory in one detector. */
export interface DetectorMemory {
  /** A trade, or a second bar where trades don't flow. */
  onPrint?(print: Print, emit: Emit): void;
  /** A minute bar, new or corrected. A kind emitted once for a bar is not emitted again for its corrections. */
  onBar?(bar: JudgedBar, emit: Emit): void;
  onFairValue?(value: FairValue, emit: Emit): void;
  /** Undefined when there is nothing worth keeping. */
  save(): Saved | undefined;
}

/** Opens a symbol's memory: empty, or as {@link DetectorMemory.save} left it. Anything else saved is ignored, never thrown at. */
export type OpenMemory = (saved: unknown) => DetectorMemory;

/** A rule that notices something. */
export interface Detector {
  /** Unique; names the memory in checkpoints. */
  readonly name: string;
  readonly kinds: readonly string[];
  readonly thresholds: readonly ThresholdSpec[];
  prepare(read: ReadThreshold): OpenMemory;
}

/** Rounds for show and for memories, so that what was saved and what was kept are equal. */
export const rounded = (value: number, digits: number): number => {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
};

/** Digits of a percentage that rules compare: where prices are decimal, so must "more than 2 %" be (1.02 / 1 is a trace over it). */
const PERCENT_DIGITS = 6;

/** How far `to` is from `from`, in percent of `from`, signed. */
export const percentMove = (from: number, to: number): number =>
  rounded(((to - from) / from) * 100, PERCENT_DIGITS);
