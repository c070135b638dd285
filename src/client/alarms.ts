/** Timers by name: setting one replaces it, and none outlives {@link Alarms.clearAll}. */
import type { Platform } from "./platform.ts";

/** See the file's own words. */
export class Alarms<Name extends string> {
  readonly #cancels = new Map<Name, () => void>();

  constructor(readonly platform: Platform) {}

  set(name: Name, ms: number, fn: () => void): void {
    this.clear(name);
    this.#cancels.set(
      name,
      this.platform.timer(ms, () => {
        this.#cancels.delete(name);
        fn();
      }),
    );
  }

  clear(...names: Name[]): void {
    for (const name of names) {
      this.#cancels.get(name)?.();
      this.#cancels.delete(name);
    }
  }

  clearAll(): void {
    this.clear(...this.#cancels.keys());
  }
}
