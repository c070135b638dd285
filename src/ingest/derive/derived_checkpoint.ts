/**
 * Keeps one fold's checkpoints in the store: every few seconds the states that changed, all as they stood at one moment, with
 * the positions of the input lists at that moment. The states are written a few at a time, so no tick waits for them, and the
 * save itself runs beside. A save waits until what the fold had made by then stands in its own list: were it the other way
 * round, a crash in between would lose those events for good.
 */
import { type Clock, isAbort } from "../../feed/clock.ts";
import { type Cursor, formatCursor } from "../../feed/cursor.ts";
import { describeError } from "../../feed/error.ts";
import type { Log } from "../../feed/log.ts";
import type { FoldStore } from "../../feed/store.ts";
import type { DerivedFold } from "../../signals/derived_fold.ts";

/** Between the starts of two checkpoints; with writing and saving the store is never over 5 s behind. */
export const CHECKPOINT_INTERVAL_MS = 3_500;
/** States written in one turn; about a millisecond. */
export const STATES_A_TURN = 200;
/** How long a save waits for the fold's events to stand in their list, when some were dropped on the way. */
export const SETTLE_LIMIT_MS = 30_000;
/** Most of one save; the store takes 8 MiB. */
const SAVE_MAX_CHARS = 6 * 1024 * 1024;

/** What a checkpoint needs. */
export interface CheckpointOptions {
  readonly fold: DerivedFold;
  readonly store: FoldStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly fence: number;
  /** What was saved under before. */
  readonly savedCursor: Cursor | undefined;
  /** Positions of the input lists, as the fold has seen them. */
  readonly positions: () => Cursor;
  /** How many events the fold has made, and how many of them, counted from the first, are done with (appended or dropped). */
  readonly made: () => number;
  readonly settled: () => number;
}

type State =
  | { readonly name: "idle" }
  | { readonly name: "writing"; readonly cursor: Cursor; readonly made: number }
  | { readonly name: "settling"; readonly cursor: Cursor; readonly made: number; readonly since: number }
  | { readonly name: "saving"; readonly done: Promise<void> }
  | { readonly name: "fenced" };

/** See the file's head. */
export class DerivedCheckpoint {
  readonly #options: CheckpointOptions;
  #state: State = { name: "idle" };
  #beganAtMs: number;
  #savedCursor: string | undefined;
  /** Written, not yet saved: of this checkpoint and of those whose save failed. */
  #unsaved = new Map<string, string | undefined>();

  constructor(options: CheckpointOptions) {
    this.#options = options;
    this.#beganAtMs = options.clock.monotonic();
    this.#savedCursor = options.savedCursor && formatCursor(options.savedCursor);
  }

  /** Does a bounded share of the work; call it many times a second. Never throws, never waits. */
  turn(signal: AbortSignal): void {
    const now = this.#options.clock.monotonic();
    if (this.#state.name === "idle" && now - this.#beganAtMs >= CHECKPOINT_INTERVAL_MS) this.#begin(now);
    if (this.#state.name === "writing") this.#write(STATES_A_TURN, now);
    if (this.#state.name === "settling") {
      const { cursor, made, since } = this.#state;
      if (this.#options.settled() < made && now - since < SETTLE_LIMIT_MS) return;
      this.#state = { name: "saving", done: this.#save(cursor, signal) };
    }
  }

  /** Everything as it stands now, saved before this resolves: for a clean stop, once all that was made is appended. */
  async finish(signal: AbortSignal): Promise<void> {
    if (this.#state.name === "saving") await this.#state.done;
    if (this.#state.name === "fenced") return;
    this.#begin(this.#options.clock.monotonic());
    this.#options.fold.checkpoints.step(Infinity);
    this.#collect();
    if (this.#unsaved.size > 0) await this.#save(this.#options.positions(), signal);
  }

  /** Resolves when no save is under way. */
  async rest(): Promise<void> {
    if (this.#state.name === "saving") await this.#state.done;
  }

  #begin(now: number): void {
    this.#beganAtMs = now;
    this.#options.fold.checkpoints.begin();
    this.#state = { name: "writing", cursor: new Map(this.#options.positions()), made: this.#options.made() };
  }

  #write(maxStates: number, now: number): void {
    if (this.#state.name !== "writing" || this.#options.fold.checkpoints.step(maxStates) > 0) return;
    const { cursor, made } = this.#state;
    this.#collect();
    this.#state = this.#unsaved.size === 0
      ? { name: "idle" }
      : { name: "settling", cursor, made, since: now };
  }

  #collect(): void {
    for (const [sym, text] of this.#options.fold.checkpoints.take()) this.#unsaved.set(sym, text);
  }

  async #save(cursor: Cursor, signal: AbortSignal): Promise<void> {
    const { store, fold, fence, log } = this.#options;
    const unsaved = this.#unsaved;
    this.#unsaved = new Map();
    try {
      const text = formatCursor(cursor);
      const parts = partsOf(unsaved);
      for (const [n, part] of parts.entries()) {
        // The cursor comes with the last part: states a little ahead of it see some events twice, none of them never.
        const under = n === parts.length - 1 ? text : this.#savedCursor ?? text;
        if (await store.saveFold(fold.stream, fence, part, under, signal)) continue;
        log.warning("fold_fenced", { stream: fold.stream, fence });
        this.#state = { name: "fenced" };
        return;
      }
      this.#savedCursor = text;
    } catch (error) {
      for (const [sym, state] of this.#unsaved) unsaved.set(sym, state);
      this.#unsaved = unsaved;
      if (!isAbort(error, signal)) {
        log.warning("fold_not_saved", { stream: fold.stream, error: describeError(error) });
      }
    }
    this.#state = { name: "idle" };
  }
}

function partsOf(
  states: ReadonlyMap<string, string | undefined>,
): readonly Map<string, string | undefined>[] {
  const parts: Map<string, string | undefined>[] = [new Map()];
  let chars = 0;
  for (const [sym, text] of states) {
    chars += sym.length + (text?.length ?? 0);
    if (chars > SAVE_MAX_CHARS) {
      parts.push(new Map());
      chars = sym.length + (text?.length ?? 0);
    }
    parts.at(-1)?.set(sym, text);
  }
  return parts;
}
