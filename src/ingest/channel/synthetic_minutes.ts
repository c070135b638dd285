/**
 * Minute bars built from second bars while the minute stream is down (`SYNTHETIC_MINUTES`), marked `synthetic`. A true bar of
 * the same window replaces one, never the other way round: that is dedupe's rule, so what is made here too often or too late
 * is harmless.
 *
 * Time is the newest second seen, not the clock, so that a replay of another day builds the same bars; only a feed that
 * falls silent is judged by the clock.
 */
import type { Clock } from "../../feed/clock.ts";
import type { FeedEvent, MinuteBar } from "../../feed/event.ts";
import { MINUTE_MS, MinuteWindow } from "./minute_window.ts";

/** Seconds are held 2 s upstream for late prints; a bar is made so long after its minute's end. */
export const MINUTE_HOLD_MS = 4_000;
/** Without any second for so long, what is open is finished. */
export const SECONDS_QUIET_MS = 10_000;
/** Windows are kept so long past their end: for late seconds, and for a minute stream whose death is noticed late. */
export const WINDOW_LIFE_MS = 90_000;
/** Symbols followed at most. */
export const SYNTHETIC_SYMBOLS_MAX = 20_000;

/** See the file's own description. */
export class SyntheticMinutes {
  readonly #clock: Clock;
  readonly #emit: (bars: readonly MinuteBar[]) => void;
  readonly #windows = new Map<string, Map<number, MinuteWindow>>();
  readonly #downSymbols = new Set<string>();
  #allDown = false;
  #newest = 0;
  /** The newest second's time at which windows are looked through next. */
  #nextLook = 0;
  #seenAtMs = 0;
  #quiet: Disposable | undefined;

  constructor(clock: Clock, emit: (bars: readonly MinuteBar[]) => void) {
    this.#clock = clock;
    this.#emit = emit;
  }

  /** Whether true minute bars come, for all or for the named symbols. */
  setUp(up: boolean, symbols?: Iterable<string>): void {
    if (symbols === undefined) {
      this.#allDown = !up;
      this.#downSymbols.clear();
    } else {
      for (const symbol of symbols) {
        if (up) this.#downSymbols.delete(symbol);
        else this.#downSymbols.add(symbol);
      }
    }
    if (!up) this.#look(this.#newest);
  }

  /** Takes the second bars among `events`, corrections too. */
  see(events: readonly FeedEvent[]): void {
    let seen = false;
    const remade: MinuteWindow[] = [];
    for (const event of events) {
      if (event.type !== "second") continue;
      seen = true;
      const window = this.#windowOf(event.sym, Math.floor(event.t / MINUTE_MS) * MINUTE_MS);
      window?.take(event);
      if (window?.made && this.#isDown(event.sym)) remade.push(window);
      if (event.end > this.#newest) this.#newest = event.end;
    }
    if (!seen) return;
    this.#make(remade);
    if (this.#newest >= this.#nextLook) this.#look(this.#newest);
    this.#watchQuiet();
  }

  /** Stops waiting; the next second starts it again. */
  [Symbol.dispose](): void {
    this.#quiet?.[Symbol.dispose]();
    this.#quiet = undefined;
  }

  #isDown(symbol: string): boolean {
    return this.#allDown || this.#downSymbols.has(symbol);
  }

  #windowOf(sym: string, t: number): MinuteWindow | undefined {
    let windows = this.#windows.get(sym);
    if (!windows) {
      if (this.#windows.size >= SYNTHETIC_SYMBOLS_MAX) return undefined;
      this.#windows.set(sym, windows = new Map());
    }
    let window = windows.get(t);
    if (!window && t + MINUTE_MS + WINDOW_LIFE_MS < this.#newest) return undefined;
    if (!window) windows.set(t, window = new MinuteWindow(sym, t));
    return window;
  }

  /** Makes the bars that are due at `now` (in seconds' time) and forgets old windows. */
  #look(now: number): void {
    const due: MinuteWindow[] = [];
    for (const [sym, windows] of this.#windows) {
      for (const [t, window] of windows) {
        if (t + MINUTE_MS + WINDOW_LIFE_MS < now) windows.delete(t);
        else if (!window.made && t + MINUTE_MS + MINUTE_HOLD_MS <= now && this.#isDown(sym)) due.push(window);
      }
      if (windows.size === 0) this.#windows.delete(sym);
    }
    const intoHold = (now - MINUTE_HOLD_MS) % MINUTE_MS;
    this.#nextLook = now - intoHold + MINUTE_MS;
    this.#make(due);
  }

  #make(windows: readonly MinuteWindow[]): void {
    const bars: MinuteBar[] = [];
    for (const window of windows) {
      window.made = true;
      const bar = window.bar(this.#clock.now());
      if (bar) bars.push(bar);
    }
    if (bars.length > 0) this.#emit(bars);
  }

  /** One timer at a time: it looks again for as long as seconds came meanwhile. */
  #watchQuiet(): void {
    this.#seenAtMs = this.#clock.monotonic();
    this.#quiet ??= this.#clock.timer(SECONDS_QUIET_MS, () => this.#judgeQuiet());
  }

  #judgeQuiet(): void {
    this.#quiet = undefined;
    const quietMs = this.#clock.monotonic() - this.#seenAtMs;
    if (quietMs < SECONDS_QUIET_MS) {
      this.#quiet = this.#clock.timer(SECONDS_QUIET_MS - quietMs, () => this.#judgeQuiet());
      return;
    }
    const end = Math.ceil(this.#newest / MINUTE_MS) * MINUTE_MS;
    // Only a minute that is over by the clock as well: silence within one says nothing about its rest.
    if (this.#clock.now() >= end) this.#look(end + MINUTE_HOLD_MS);
    else this.#quiet = this.#clock.timer(end - this.#clock.now(), () => this.#judgeQuiet());
  }
}
