/**
 * What changed since the last checkpoint, as text true at one moment, made without stopping the world: beginning a checkpoint
 * only marks what is to be written; then a few states are written at a time, and a state that is about to change first is
 * written as it stood. So thousands of symbols are saved without a pause between two ticks, all at the same cursor.
 */

/** The part of a symbol's state that checkpoints need. Extend it. */
export class CheckpointState {
  /** Changed since the last checkpoint began. */
  changed = false;
  /** To be written for the checkpoint under way, and not yet written. */
  pending = false;
  constructor(readonly sym: string) {}
}

/** Checkpoints as whoever keeps them sees them. */
export interface CheckpointSource {
  /** Marks this moment; what changes from now on belongs to the next checkpoint. One under way is finished and becomes part of it. */
  begin(): void;
  /** Writes at most so many of the marked states; gives how many are left. */
  step(maxStates: number): number;
  /** What was written, symbol → text, once {@link step} has left nothing; undefined deletes one. */
  take(): Map<string, string | undefined>;
  /** A checkpoint of this moment, at once: for tests and small folds. */
  whole(): Map<string, string | undefined>;
}

/** See the top of the file. `write` gives a state's text; undefined: nothing worth keeping. */
export class Checkpoints<S extends CheckpointState> implements CheckpointSource {
  readonly #changed = new Set<S>();
  #pending: S[] = [];
  readonly #removed = new Set<string>();
  #texts = new Map<string, string | undefined>();

  constructor(readonly write: (state: S) => string | undefined) {}

  /** Must be called before a state changes. */
  touch(state: S): void {
    if (state.pending) this.#settle(state);
    if (state.changed) return;
    state.changed = true;
    this.#changed.add(state);
  }

  /** A state is no longer kept: the next checkpoint deletes it. */
  remove(state: S): void {
    state.pending = false;
    this.#changed.delete(state);
    this.#removed.add(state.sym);
  }

  begin(): void {
    this.step(Infinity);
    for (const sym of this.#removed) this.#texts.set(sym, undefined);
    this.#removed.clear();
    this.#pending = [...this.#changed];
    this.#changed.clear();
    for (const state of this.#pending) {
      state.changed = false;
      state.pending = true;
    }
  }

  step(maxStates: number): number {
    for (let n = 0; n < maxStates && this.#pending.length > 0; n++) {
      const state = this.#pending.pop();
      if (state?.pending) this.#settle(state);
    }
    return this.#pending.length;
  }

  take(): Map<string, string | undefined> {
    const texts = this.#texts;
    this.#texts = new Map();
    return texts;
  }

  whole(): Map<string, string | undefined> {
    this.begin();
    this.step(Infinity);
    return this.take();
  }

  #settle(state: S): void {
    state.pending = false;
    this.#texts.set(state.sym, this.write(state));
  }
}
