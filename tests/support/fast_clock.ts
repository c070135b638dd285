/** The machine's clock, running faster: a minute's rest is over in seconds, real sockets and all. */
import { type Clock, systemClock } from "../../src/feed/clock.ts";

/** While somebody waits, the clock is looked at so often, real ms … */
const LOOK_MS = 5;
/**
 * … and goes no further from one look to the next than this. Thirty times as fast, a process that a busy machine kept waiting
 * for half a second would find fifteen seconds gone and every deadline missed; so its time stands still meanwhile.
 */
const LONGEST_STEP_MS = 20;

/** A clock `factor` times as fast as `real`, starting at its present time; it stands still while the process can't run. */
export function fastClock(factor: number, real: Clock = systemClock): Clock {
  const startedAt = real.now();
  let elapsed = 0;
  let lookedAt = real.monotonic();
  let waiting = 0;
  let looks: Disposable | undefined;

  const monotonic = () => {
    const at = real.monotonic();
    elapsed += Math.min(at - lookedAt, LONGEST_STEP_MS) * factor;
    lookedAt = at;
    return elapsed;
  };
  const begin = () => {
    if (waiting++ > 0) return;
    // Nobody looked while nobody waited: that time did pass.
    elapsed += (real.monotonic() - lookedAt) * factor;
    lookedAt = real.monotonic();
    looks = real.interval(LOOK_MS, monotonic);
  };
  const end = () => {
    if (--waiting === 0) looks?.[Symbol.dispose]();
  };

  /** Calls back once so much of this clock's own time is over. */
  const timer = (ms: number, fn: () => void): Disposable => {
    let isOver = false;
    let pending: Disposable | undefined;
    const over = () => {
      if (isOver) return;
      isOver = true;
      pending?.[Symbol.dispose]();
      end();
    };
    begin();
    const due = monotonic() + ms;
    const arm = (restMs: number) => {
      pending = real.timer(restMs / factor, () => {
        const stillMs = due - monotonic();
        if (stillMs > 0) return arm(stillMs);
        over();
        fn();
      });
    };
    arm(ms);
    return { [Symbol.dispose]: over };
  };

  return {
    monotonic,
    now: () => Math.floor(startedAt + monotonic()),
    timer,
    sleep(ms, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason);
      return new Promise((resolve, reject) => {
        const stop = () => {
          alarm[Symbol.dispose]();
          reject(signal?.reason);
        };
        const alarm = timer(ms, () => {
          signal?.removeEventListener("abort", stop);
          resolve();
        });
        signal?.addEventListener("abort", stop, { once: true });
      });
    },
    interval(ms, fn) {
      begin();
      const ticks = real.interval(ms / factor, fn);
      let isOver = false;
      return {
        [Symbol.dispose]() {
          if (isOver) return;
          isOver = true;
          ticks[Symbol.dispose]();
          end();
        },
      };
    },
  };
}
