/**
 * What one client was told of one list, and the sum of it: every position it is owed is delivered, filtered, merged into an
 * event of the same key, or told as lost. Knows nothing of the edge's insides.
 */
import { comparePositions, type Position, positionOfId } from "../../src/feed/cursor.ts";

/** A position of a list as its writer made it; `sym` and `key` are empty for a gap event. */
export interface Made {
  readonly sym: string;
  /** What `latest` conflates it by. */
  readonly key: string;
}

/** What the writer produced, per list: epoch → what stands there by seq (index 0 is seq 1). */
export type Produced = Map<string, Map<string, Made[]>>;

interface ToldGap {
  readonly after: Position;
  readonly before: Position;
  readonly lost: number | null;
}

/** How an order that is wrong, or a sum, is told. */
const text = ({ epoch, seq }: Position) => `${epoch}-${seq}`;

/** See the file comment. */
export class ModelList {
  readonly #ids: Position[] = [];
  readonly #gaps: ToldGap[] = [];
  /** By id, how many others went into that event. */
  readonly #merged = new Map<string, number>();
  #start: Position | undefined;
  #startedAtNothing = false;

  /** @param head where the list stands now: a client that began when its list was lost is owed nothing from before */
  constructor(readonly name: string, readonly head: () => Position | undefined) {}

  get hasBegun(): boolean {
    return this.#start !== undefined;
  }

  /** It stands here; the first time is where it began. */
  at(position: Position): void {
    if (this.#start !== undefined) return;
    this.#startedAtNothing = position.epoch === "0";
    this.#start = this.#startedAtNothing ? this.head() ?? position : position;
  }

  take(id: string, others: number): void {
    const position = positionOfId(id);
    this.#ids.push(position);
    if (others > 0) this.#merged.set(text(position), others);
  }

  gap(after: string, before: string, lost: number | null): void {
    this.#gaps.push({ after: positionOfId(after), before: positionOfId(before), lost });
  }

  /**
   * What doesn't add up; empty when the invariants hold.
   * @param end where the client stands at last
   */
  problems(epochs: ReadonlyMap<string, Made[]>, end: Position, wants: (sym: string) => boolean): string[] {
    return [...this.#disorder(), ...this.#wrongCounts(), ...this.#sums(epochs, end, wants)];
  }

  #disorder(): string[] {
    return this.#ids.flatMap((id, n) => {
      const last = this.#ids[n - 1];
      return last !== undefined && comparePositions(id, last) <= 0 ? [`${text(id)} after ${text(last)}`] : [];
    });
  }

  /** Exact counts of gaps within one epoch; what lies between two neighbours is a gap event, with a count of its own. */
  #wrongCounts(): string[] {
    return this.#gaps.flatMap(({ after, before, lost }) => {
      const between = before.seq - after.seq - 1;
      return lost !== null && after.epoch === before.epoch && between !== lost && between !== 1
        ? [`gap ${text(after)}…${text(before)} says ${lost}`]
        : [];
    });
  }

  /** Per key, what came neither itself nor as a gap is what was merged. */
  #sums(epochs: ReadonlyMap<string, Made[]>, end: Position, wants: (sym: string) => boolean): string[] {
    const start = this.#start;
    if (start === undefined) return [];
    const ids = new Set(this.#ids.map(text));
    const absent = new Map<string, number>();
    const merged = new Map<string, number>();
    const found: string[] = [];
    for (const [epoch, made] of epochs) {
      made.forEach(({ sym, key }, n) => {
        const position = { epoch, seq: n + 1 };
        const id = text(position);
        const others = this.#merged.get(id);
        if (others !== undefined) merged.set(key, (merged.get(key) ?? 0) + others);
        if (comparePositions(position, start) <= 0 || comparePositions(position, end) > 0) return;
        if (sym === "" || !wants(sym)) {
          if (ids.has(id)) found.push(`${id} (${sym}) was not asked for`);
        } else if (!ids.has(id) && !this.#isTold(position)) {
          absent.set(key, (absent.get(key) ?? 0) + 1);
          if (this.#merged.size === 0) found.push(`undetected: ${id} (${key})`);
        }
      });
    }
    if (this.#startedAtNothing) return found;
    for (const key of new Set([...absent.keys(), ...merged.keys()])) {
      const [left, into] = [absent.get(key) ?? 0, merged.get(key) ?? 0];
      if (left !== into) found.push(`${left} of ${key} neither delivered nor told, ${into} merged`);
    }
    return found;
  }

  #isTold(position: Position): boolean {
    return this.#gaps.some(({ after, before }) =>
      comparePositions(position, after) > 0 && comparePositions(position, before) < 0
    );
  }

  get delivered(): number {
    return this.#ids.length;
  }
  get gaps(): number {
    return this.#gaps.length;
  }
  get merged(): number {
    return [...this.#merged.values()].reduce((sum, others) => sum + others, 0);
  }
}
