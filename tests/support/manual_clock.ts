/** A clock that stands still until a test moves it: hours pass in microseconds, and nothing ever waits for real. */
import type { Clock } from "../../src/feed/clock.ts";

interface Alarm {
  at: number;
  readonly order: number;
  readonly everyMs: number | undefined;
  readonly fn: () => void;
}

/** See {@link Clock}. Starts at 2026-03-02 15:00 UTC (a Monday, New York's regular session) unless told. */
export class ManualClock implements Clock {
  #now: number;
  #elapsed = 0;
  #order = 0;
  readonly #alarms = new Set<Alarm>();

  constructor(startMs: number = Date.UTC(2026, 2, 2, 15)) {
    this.#now = startMs;
  }

  now(): number {
    return Math.floor(this.#now);
  }

  monotonic(): number {
    return this.#elapsed;
  }

  /** Waits and intervals not yet due or disposed: a test's proof that nothing was left behind. */
  get pending(): number {
    return this.#alarms.size;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const stop = () => {
        alarm[Symbol.dispose]();
        reject(signal?.reason);
      };
      const alarm = this.timer(ms, () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      });
      signal?.addEventListener("abort", stop, { once: true });
    });
  }

  timer(ms: number, fn: () => void): Disposable {
    return this.#add(ms, undefined, fn);
  }

  interval(ms: number, fn: () => void): Disposable {
    return this.#add(ms, ms, fn);
  }

  /** Sets the wall clock without any time passing. */
  jump(toMs: number): void {
    this.#now = toMs;
  }

  /** The process stands still for `ms`, as when stopped: what became due meanwhile rings once, at the next {@link advance}. */
  leap(ms: number): void {
    this.#move(this.#elapsed + ms);
    for (const alarm of this.#alarms) alarm.at = Math.max(alarm.at, this.#elapsed);
  }

  /** Lets `ms` pass: alarms ring in order, and what they set going runs (microtasks and zero-length tasks) in between. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsed + ms;
    await settle();
    for (let next = this.#next(until); next; next = this.#next(until)) {
      this.#move(Math.max(next.at, this.#elapsed));
      if (next.everyMs === undefined) this.#alarms.delete(next);
      else next.at += Math.max(next.everyMs, 1e-3);
      next.fn();
      await settle();
    }
    this.#move(until);
    await settle();
  }

  #add(ms: number, everyMs: number | undefined, fn: () => void): Disposable {
    const alarm: Alarm = { at: this.#elapsed + Math.max(0, ms), order: this.#order++, everyMs, fn };
    this.#alarms.add(alarm);
    return { [Symbol.dispose]: () => void this.#alarms.delete(alarm) };
  }

  #next(until: number): Alarm | undefined {
    let best: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.at > until) continue;
      if (!best || alarm.at < best.at || (alarm.at === best.at && alarm.order < best.order)) best = alarm;
    }
    return best;
  }

  #move(to: number): void {
    this.#now += to - this.#elapsed;
    this.#elapsed = to;
  }
}

/** Lets pending microtasks run, a bounded number of turns. */
export async function settle(turns = 20): Promise<void> {
  for (let n = 0; n < turns; n++) await Promise.resolve();
}
