/**
 * Events in, signals out. A fold over the events of all symbols, each with its own small state; no I/O and no clock, so the
 * same events in the same order always give the same signals, and a state saved anywhere continues as if nothing had been.
 * Cost and memory: `bench/signals_bench.ts`.
 */
import type { MinuteBar, Signal, SymbolEvent } from "../feed/event.ts";
import { Checkpoints, type CheckpointSource } from "./checkpoint.ts";
import type { Detector, DetectorMemory, Emit, SignalFields } from "./detectors/detector.ts";
import { DETECTORS } from "./detectors/detector_table.ts";
import { type Print, printOfSecond, printOfTrade } from "./print.ts";
import { RecentKeys } from "./recent_keys.ts";
import { type ReadyDetector, SymbolSignals } from "./symbol_signals.ts";
import { thresholdReader } from "./threshold.ts";

/** Symbols held at most; over it those unheard of for longest go. */
export const SIGNAL_MAX_SYMBOLS = 20_000;
/** How many go at once then, so that the search for them is rare. */
const EVICTED_SHARE = 0.05;

/** How {@link createSignalFold} is set up. */
export interface SignalFoldOptions {
  /** `SignalSettings.thresholds`; what is missing is the detectors' own default. */
  readonly thresholds?: ReadonlyMap<string, number>;
  /** Tests add one of their own. */
  readonly detectors?: readonly Detector[];
  readonly maxSymbols?: number;
}

/** What became of the events so far. */
export interface SignalCounts {
  readonly symbols: number;
  readonly applied: number;
  /** Events that no rule could use: without a sound price, or older than what is held. */
  readonly ignored: number;
  readonly emitted: Readonly<Record<string, number>>;
  /** Signals kept back because their key was emitted before. */
  readonly repeated: number;
}

/** A running fold. Not reentrant; the arrays it gives are the caller's. */
export interface SignalFold {
  /** Takes one event; types no detector reads are ignored. Never throws for what comes from outside. */
  apply(event: SymbolEvent): readonly Signal[];
  /** Signals that stand in their list already: their keys are not emitted again. */
  remember(signals: Iterable<Signal>): void;
  /** The states that changed since the last one. */
  readonly checkpoints: CheckpointSource;
  /** Takes up saved states; those that can't be read are left out. Gives how many those were. */
  restore(states: ReadonlyMap<string, string>): number;
  /** Newest tick time of any symbol, Unix ms; `-Infinity` before any. */
  newestT(): number;
  counts(): SignalCounts;
}

/** Times no calendar holds are nobody's. */
const TIME_LIMIT_MS = 8e15;

/** A signal's source by what it was seen in. */
const SOURCES = {
  trade: "tick",
  second: "tick",
  minute: "ohlcv",
  fmv: "fmv",
} as const satisfies Record<string, Signal["source"]>;

type SourceEvent = Extract<SymbolEvent, { readonly type: keyof typeof SOURCES }>;

const NO_SIGNALS: readonly Signal[] = [];

class Fold implements SignalFold {
  readonly #detectors: readonly ReadyDetector[];
  /** Places in the table of the detectors that take prints, bars, fair values. */
  readonly #onPrint: readonly number[];
  readonly #onBar: readonly number[];
  readonly #onFairValue: readonly number[];
  readonly #maxSymbols: number;
  readonly #symbols = new Map<string, SymbolSignals>();
  readonly checkpoints = new Checkpoints<SymbolSignals>((state) => state.save(this.#detectors));
  readonly #keys = new RecentKeys();
  readonly #emitted: Record<string, number> = {};
  #applied = 0;
  #ignored = 0;
  #repeated = 0;
  /** What {@link #emit} writes about. */
  #event: SourceEvent | undefined;
  #out: Signal[] | undefined;
  #state: SymbolSignals | undefined;

  constructor(options: SignalFoldOptions) {
    const read = thresholdReader(options.thresholds ?? new Map());
    this.#detectors = (options.detectors ?? DETECTORS).map(({ name, prepare }) => ({
      name,
      open: prepare(read),
    }));
    const probes = this.#detectors.map(({ open }) => open(undefined));
    const places = (takes: (memory: DetectorMemory) => boolean) =>
      probes.flatMap((memory, n) => takes(memory) ? [n] : []);
    this.#onPrint = places((memory) => memory.onPrint !== undefined);
    this.#onBar = places((memory) => memory.onBar !== undefined);
    this.#onFairValue = places((memory) => memory.onFairValue !== undefined);
    this.#maxSymbols = options.maxSymbols ?? SIGNAL_MAX_SYMBOLS;
  }

  apply(event: SymbolEvent): readonly Signal[] {
    if (event.type === "signal" || event.type === "heatmap" || !(Math.abs(event.t) < TIME_LIMIT_MS)) {
      return NO_SIGNALS;
    }
    const state = this.#stateOf(event.sym);
    state.lastUse = ++this.#applied;
    this.checkpoints.touch(state);
    this.#event = event;
    this.#state = state;
    this.#out = undefined;
    switch (event.type) {
      case "trade":
        this.#seePrint(state, printOfTrade(event, state.place));
        break;
      case "second":
        this.#seePrint(state, printOfSecond(event, state.place));
        break;
      case "minute":
        this.#seeBar(state, event);
        break;
      case "fmv":
        for (const n of this.#onFairValue) state.memories[n]?.onFairValue?.(event, this.#emit);
        break;
    }
    return this.#out ?? NO_SIGNALS;
  }

  #seePrint(state: SymbolSignals, print: Print | undefined): void {
    if (print === undefined) this.#ignored++;
    else for (const n of this.#onPrint) state.memories[n]?.onPrint?.(print, this.#emit);
  }

  #seeBar(state: SymbolSignals, event: MinuteBar): void {
    const bar = state.bars.accept(event, state.newestTickT);
    if (bar === undefined) this.#ignored++;
    else for (const n of this.#onBar) state.memories[n]?.onBar?.(bar, this.#emit);
  }

  readonly #emit: Emit = (kind: string, mark: string, fields: SignalFields): void => {
    const event = this.#event;
    if (event === undefined) return;
    if (event.type === "minute" && this.#state?.bars.announce(event.t, kind) === false) return;
    const key = `${kind}|${event.sym}|${mark}`;
    if (!this.#keys.add(key)) {
      this.#repeated++;
      return;
    }
    this.#emitted[kind] = (this.#emitted[kind] ?? 0) + 1;
    // A bar is known when it ends.
    const t = event.type === "minute" || event.type === "second" ? event.end : event.t;
    const head = {
      type: "signal",
      sym: event.sym,
      t,
      rx: event.rx,
      kind,
      source: SOURCES[event.type],
      key,
    } as const;
    (this.#out ??= []).push({ ...head, ...fields });
  };

  #stateOf(sym: string): SymbolSignals {
    const held = this.#symbols.get(sym);
    if (held !== undefined) return held;
    if (this.#symbols.size >= this.#maxSymbols) this.#evict();
    const state = new SymbolSignals(sym, this.#detectors);
    this.#symbols.set(sym, state);
    return state;
  }

  #evict(): void {
    const count = Math.max(1, Math.floor(this.#maxSymbols * EVICTED_SHARE));
    const oldest = [...this.#symbols.values()].sort((a, b) => a.lastUse - b.lastUse).slice(0, count);
    for (const state of oldest) {
      this.#symbols.delete(state.sym);
      this.checkpoints.remove(state);
    }
  }

  remember(signals: Iterable<Signal>): void {
    for (const signal of signals) this.#keys.add(signal.key);
  }

  restore(states: ReadonlyMap<string, string>): number {
    let unreadable = 0;
    for (const [sym, text] of states) {
      if (this.#symbols.size >= this.#maxSymbols) break;
      try {
        this.#symbols.set(sym, new SymbolSignals(sym, this.#detectors, JSON.parse(text)));
      } catch {
        unreadable++;
      }
    }
    return unreadable;
  }

  newestT(): number {
    let newest = -Infinity;
    for (const state of this.#symbols.values()) newest = Math.max(newest, state.newestTickT);
    return newest;
  }

  counts(): SignalCounts {
    return {
      symbols: this.#symbols.size,
      applied: this.#applied,
      ignored: this.#ignored,
      emitted: { ...this.#emitted },
      repeated: this.#repeated,
    };
  }
}

/** A fold with no state yet. */
export const createSignalFold = (options: SignalFoldOptions = {}): SignalFold => new Fold(options);
