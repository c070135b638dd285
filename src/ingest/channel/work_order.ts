/**
 * Who is worked on next: streams by priority, tick before bars before FMV. Every round gives each stream with work its
 * turn, the first the longest, so a flood in one takes time from the others but never all of it; and after a slice the
 * sockets get theirs, sooner while none of the urgent has work: a tick that comes in meanwhile waits for one slice only.
 */
import type { Clock } from "../../feed/clock.ts";

/** Longest stretch of work before the event loop goes round, with and without urgent work in it. */
export const SLICE_MS = 5;
export const PATIENT_SLICE_MS = 1;
/** Up to this priority work is urgent: signals and ticks. */
const URGENT_PRIORITY = 1;
/** Events of a turn: the first in order gets the most, each further one half of it, but never less than the least. */
const TURN_MAX_EVENTS = 256;
const TURN_MIN_EVENTS = 32;
/** The first turn's without urgent work: half a millisecond. */
const PATIENT_TURN_EVENTS = 64;

/** Something that has work now and then. */
export interface Worker {
  /** Lower goes first. */
  readonly priority: number;
  readonly hasWork: boolean;
  /** Does at most so many events. Must not throw. */
  work(maxEvents: number): void;
}

/** See the file's own description. */
export class WorkOrder {
  readonly #clock: Clock;
  readonly #workers: readonly Worker[];
  #scheduled = false;

  constructor(clock: Clock, workers: readonly Worker[]) {
    this.#clock = clock;
    this.#workers = [...workers].sort((a, b) => a.priority - b.priority);
  }

  /** There may be work: it is begun once the present task is done. */
  wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#run());
  }

  #run(): void {
    let more = false;
    try {
      more = this.#slice();
    } finally {
      // Should a worker be broken, the throw is for everybody to see, and the next wake goes on.
      this.#scheduled = more;
    }
    if (more) this.#clock.timer(0, () => this.#run());
  }

  /** True when there was more than a slice of work. */
  #slice(): boolean {
    const startMs = this.#clock.monotonic();
    for (;;) {
      const isUrgent = this.#workers.some(({ priority, hasWork }) => hasWork && priority <= URGENT_PRIORITY);
      if (!this.#round(isUrgent ? TURN_MAX_EVENTS : PATIENT_TURN_EVENTS)) return false;
      const sliceMs = isUrgent ? SLICE_MS : PATIENT_SLICE_MS;
      if (this.#clock.monotonic() - startMs >= sliceMs) return true;
    }
  }

  /** False when nobody had any. */
  #round(firstTurnEvents: number): boolean {
    let turnEvents = firstTurnEvents;
    let worked = false;
    for (const worker of this.#workers) {
      if (!worker.hasWork) continue;
      worked = true;
      worker.work(turnEvents);
      turnEvents = Math.max(TURN_MIN_EVENTS, turnEvents / 2);
    }
    return worked;
  }
}
