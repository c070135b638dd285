/**
 * What ingest says it publishes (`plan`), as far as clients are concerned: streams, lists, known symbols. Kept in memory and
 * read again every few seconds while clients ask for it; a missing or unreadable plan means that nothing is known, so that
 * every stream is one list and no well-formed symbol is unknown.
 */
import type { Clock } from "../../feed/clock.ts";
import { describeError } from "../../feed/error.ts";
import { PublishedPlan } from "../../feed/health.ts";
import type { Log } from "../../feed/log.ts";
import type { NoteStore } from "../../feed/store.ts";
import { matchesPatterns, type SymbolPatterns, symbolPatterns } from "../../feed/symbol.ts";

/** A plan older than this is read again when somebody asks; an answer is never waited for longer than the limit. */
export const PLAN_FRESH_MS = 5_000;
const PLAN_WAIT_MS = 1_000;
/** While clients only listen it is read again this often. */
export const PLAN_IDLE_MS = 30_000;

interface KnownPlan {
  readonly plan: PublishedPlan;
  readonly symbols: ReadonlyMap<string, SymbolPatterns>;
}

/** See the file comment. */
export class PlanReader implements Disposable {
  readonly #store: NoteStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stop = new AbortController();
  #known: KnownPlan | undefined;
  #text: string | undefined;
  #readMs = -Infinity;
  #reading: Promise<void> | undefined;

  /** @param onChange another plan was read than before */
  constructor(store: NoteStore, clock: Clock, log: Log, readonly onChange: () => void = () => {}) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** What was read last. */
  peek(): PublishedPlan | undefined {
    return this.#known?.plan;
  }

  /** Streams that are on; undefined when no plan is known. */
  streams(): readonly string[] | undefined {
    return this.#known && Object.keys(this.#known.plan.streams);
  }

  /** Whether a symbol may be asked for; true when nothing is known. */
  knowsSymbol(stream: string, symbol: string): boolean {
    const symbols = this.#known?.symbols.get(stream);
    return symbols === undefined || matchesPatterns(symbols, symbol);
  }

  /**
   * Has an old plan read again behind the caller's back. What is to be waited for where none was read yet; undefined, and so
   * nothing to wait for, everywhere else.
   */
  ensure(maxAgeMs = PLAN_FRESH_MS): Promise<void> | undefined {
    if (this.#clock.monotonic() - this.#readMs >= maxAgeMs) {
      this.#reading ??= this.#read().finally(() => this.#reading = undefined);
    }
    return this.#readMs === -Infinity ? this.#reading : undefined;
  }

  [Symbol.dispose](): void {
    this.#stop.abort(new DOMException("stopped", "AbortError"));
  }

  async #read(): Promise<void> {
    const limit = new AbortController();
    using _timer = this.#clock.timer(
      PLAN_WAIT_MS,
      () => limit.abort(new DOMException("no answer", "TimeoutError")),
    );
    try {
      const signal = AbortSignal.any([limit.signal, this.#stop.signal]);
      this.#take(await this.#store.readNote("plan", signal));
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#log.debug("plan_unreadable", { error: describeError(error) });
    } finally {
      this.#readMs = this.#clock.monotonic();
    }
  }

  #take(text: string | undefined): void {
    if (text === undefined || text === this.#text) return;
    const parsed = PublishedPlan.safeParse(parseJson(text));
    if (!parsed.success) return this.#log.warning("plan_unreadable", { error: "its form is not known" });
    this.#text = text;
    const symbols = Object.entries(parsed.data.streams).map(([stream, { symbols }]) =>
      [stream, symbolPatterns(symbols)] as const
    );
    this.#known = { plan: parsed.data, symbols: new Map(symbols) };
    this.onChange();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
