/**
 * What one client was told of one list, and the sum of it: every position it is owed is delivered as it was made, filtered,
 * merged into an event of the same key, or told as lost. Knows nothing of the edge's insides.
 */
import { comparePositions, ORIGIN, type Position, positionOfId } from "../../src/feed/cursor.ts";
import type { FeedEvent } from "../../src/feed/event.ts";
import { type Asked, wants } from "./model_asked.ts";
import { gapProblem, isToldBy, type ToldGap } from "./model_gap.ts";
import { differences, type Epochs, expectedAt, keyOf } from "./model_produced.ts";

type Content = Readonly<Record<string, unknown>>;

interface Given {
  readonly position: Position;
  /** How many others went into it. */
  readonly others: number;
}

/** How an order that is wrong, or a sum, is told. */
const text = ({ epoch, seq }: Position) => `${epoch}-${seq}`;

/** Positions of one key that came neither themselves nor as a gap, and those that others say they stand for. */
interface Sum {
  absent: number;
  merged: number;
}

/** See the file comment. */
export class ModelList {
  readonly #given: Given[] = [];
  readonly #gaps: ToldGap[] = [];
  /** From each of these positions on, what was asked. */
  readonly #asks: { readonly from: Position; readonly asked: Asked }[] = [];
  /** Not yet held against what was made. */
  #fresh: { readonly position: Position; readonly event: Content }[] = [];
  readonly #wrong: string[] = [];
  #start: Position | undefined;
  #hasBegun = false;

  /** @param keepsAll nothing of it is ever merged for one who did not ask for that */
  constructor(readonly name: string, readonly keepsAll: boolean) {}

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** From `from` on (undefined: from wherever it begins) it gets what `asked` says. */
  ask(from: Position | undefined, asked: Asked): void {
    this.#asks.push({ from: from ?? ORIGIN, asked });
  }

  /** It stands here; the first time is where it began. One that began before everything is owed the first epoch it meets. */
  at(position: Position): void {
    this.#hasBegun = true;
    if (this.#start === undefined && position.epoch !== ORIGIN.epoch) this.#start = position;
  }

  take(event: Content): void {
    const position = positionOfId(String(event.id));
    this.#meet(position);
    this.#given.push({ position, others: Number(event.n ?? 1) - 1 });
    this.#fresh.push({ position, event });
  }

  gap(told: ToldGap): void {
    this.#meet(told.before);
    this.#gaps.push(told);
  }

  /** Holds what came since the last time against what was made. */
  check(epochs: Epochs): void {
    for (const { position, event } of this.#fresh) {
      const made = epochs.get(position.epoch) ?? [];
      const expected = expectedAt(made, position.seq, Number(event.n ?? 1));
      const wrong = expected === undefined
        ? ["everything"]
        : differences(event, { ...expected, id: event.id }, this.#askedAt(position)?.fields);
      if (wrong.length > 0) {
        this.#wrong.push(`${text(position)} differs in ${wrong}: ${JSON.stringify(event)}`);
      }
    }
    this.#fresh = [];
  }

  /**
   * What doesn't add up; empty when the invariants hold.
   * @param end where the client stands at last
   */
  problems(epochs: Epochs, end: Position): string[] {
    this.check(epochs);
    const gaps = this.#gaps.flatMap((gap) => gapProblem(gap, epochs) ?? []);
    return [...this.#wrong, ...gaps, ...this.#disorder(), ...this.#sums(epochs, end)];
  }

  #meet(position: Position): void {
    if (this.#hasBegun) this.#start ??= { epoch: position.epoch, seq: 0 };
  }

  #askedAt(position: Position): Asked | undefined {
    return this.#asks.findLast(({ from }) => comparePositions(from, position) < 0)?.asked;
  }

  #disorder(): string[] {
    return this.#given.flatMap(({ position }, n) => {
      const last = this.#given[n - 1]?.position;
      return last !== undefined && comparePositions(position, last) <= 0
        ? [`${text(position)} after ${text(last)}`]
        : [];
    });
  }

  #sums(epochs: Epochs, end: Position): string[] {
    const start = this.#start;
    if (start === undefined) return [];
    const others = new Map(this.#given.map(({ position, others }) => [text(position), others]));
    const sums = new Map<string, Sum>();
    const found: string[] = [];
    for (const [epoch, made] of epochs) {
      made.forEach((event, n) => {
        const position = { epoch, seq: n + 1 };
        if (comparePositions(position, start) <= 0 || comparePositions(position, end) > 0) return;
        const problem = this.#account(position, event, others.get(text(position)), sums);
        if (problem !== undefined) found.push(`${text(position)} ${problem}`);
      });
    }
    for (const [key, { absent, merged }] of sums) {
      if (absent !== merged) found.push(`${absent} of ${key} neither delivered nor told, ${merged} merged`);
    }
    return found;
  }

  /**
   * Enters one position a client is owed into the sums.
   * @param others how many others the event there stood for; undefined: it was not delivered
   */
  #account(
    position: Position,
    event: FeedEvent,
    others: number | undefined,
    sums: Map<string, Sum>,
  ): string | undefined {
    const isTold = this.#gaps.some((gap) => isToldBy(gap, position));
    if (event.type === "gap") return isTold ? undefined : "is a gap of ingest's that was not told";
    const asked = this.#askedAt(position);
    if (asked === undefined || !wants(asked, event.sym)) {
      return others === undefined ? undefined : `(${event.sym}) was not asked for`;
    }
    if (others !== undefined && isTold) return "was delivered and told as lost";
    const keepsAll = this.keepsAll && asked.mode === "all";
    const key = keyOf(event);
    const sum = sums.get(key) ?? { absent: 0, merged: 0 };
    sums.set(key, sum);
    sum.merged += others ?? 0;
    if (others !== undefined) return keepsAll && others > 0 ? `has ${others} merged unasked` : undefined;
    if (isTold) return undefined;
    sum.absent++;
    return keepsAll ? `(${key}) went undetected` : undefined;
  }

  get delivered(): number {
    return this.#given.length;
  }
  /** Causes of the gaps it was told. */
  get causes(): readonly string[] {
    return this.#gaps.map(({ cause }) => cause);
  }
  get merged(): number {
    return this.#given.reduce((sum, { others }) => sum + others, 0);
  }
}
