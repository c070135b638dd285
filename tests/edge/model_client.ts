/**
 * A client as the invariants see it: what it asked for, what it was told, and the sum of it. Knows nothing of the edge's
 * insides; transports only feed it messages.
 */
import { type Cursor, parseCursor, positionOfId } from "../../src/feed/cursor.ts";
import type { Message } from "./test_clients.ts";

/** What the writer produced, per list: epoch → symbols by seq (index 0 is seq 1); empty for a gap event. */
export type Produced = Map<string, Map<string, string[]>>;

interface Told {
  readonly ids: string[];
  readonly gaps: { readonly after: string; readonly before: string; readonly lost: number | null }[];
  merged: number;
}

export class ModelClient {
  /** Where it would resume from. */
  cursor: Cursor = new Map();
  readonly #told: Told = { ids: [], gaps: [], merged: 0 };
  /** Where it first stood. */
  #start: { readonly epoch: string; readonly seq: number } | undefined;

  #startedAtNothing = false;

  /** @param head where the list stands now: a client that began when its list was lost is owed nothing from before */
  constructor(
    readonly list: string,
    readonly symbols: readonly string[],
    readonly mode: "all" | "latest",
    readonly head: () => { readonly epoch: string; readonly seq: number } | undefined,
  ) {}

  /** One message, whatever the transport. */
  take(message: Message): void {
    // A first poll that waits has events, but not where they began.
    if (message.type === "events" && this.#start !== undefined) this.#takeEvents(message);
    if (message.type === "gap") this.takeGap(message);
    if (typeof message.cursor === "string" && message.cursor !== "") this.#moveTo(message.cursor);
  }

  takeGap(gap: Record<string, unknown>): void {
    const lost = typeof gap.lost === "number" ? gap.lost : null;
    this.#told.gaps.push({ after: String(gap.after), before: String(gap.before), lost });
  }

  #moveTo(text: string): void {
    this.cursor = parseCursor(text);
    if (this.#start !== undefined) return;
    this.#start = this.cursor.get(this.list);
    this.#startedAtNothing = this.#start?.epoch === "0";
    if (this.#startedAtNothing) this.#start = this.head() ?? this.#start;
  }

  #takeEvents(message: Message): void {
    if (!Array.isArray(message.events)) return;
    for (const event of message.events) {
      this.#told.ids.push(String(event.id));
      this.#told.merged += (Number(event.n ?? 1)) - 1;
    }
  }

  /** What doesn't add up; empty when the invariants hold. */
  problems(produced: Produced): string[] {
    const found: string[] = [];
    let last: { epoch: string; seq: number } | undefined;
    for (const id of this.#told.ids) {
      const { epoch, seq } = positionOfId(id);
      if (last && (epoch < last.epoch || (epoch === last.epoch && seq <= last.seq))) {
        found.push(`order: ${id} after ${last.epoch}-${last.seq}`);
      }
      last = { epoch, seq };
    }
    const end = this.cursor.get(this.list);
    const epochs = produced.get(this.list);
    if (end === undefined || this.#start === undefined || epochs === undefined) return found;
    let missing = 0;
    for (const [epoch, symbols] of epochs) {
      symbols.forEach((symbol, n) => {
        if (this.#isOwed(epoch, n + 1, end) && this.#wants(symbol) && !this.#isTold(epoch, n + 1)) {
          missing++;
          if (this.#told.merged === 0) found.push(`undetected: ${epoch}-${n + 1} (${symbol})`);
        }
      });
    }
    if (missing !== this.#told.merged && !this.#startedAtNothing) {
      found.push(`${missing} neither delivered nor told, ${this.#told.merged} merged`);
    }
    return found;
  }

  #wants(symbol: string): boolean {
    return symbol !== "" && (this.symbols.includes("*") || this.symbols.includes(symbol));
  }

  #isOwed(epoch: string, seq: number, end: { epoch: string; seq: number }): boolean {
    const start = this.#start;
    if (start === undefined) return false;
    const isAfterStart = epoch > start.epoch || (epoch === start.epoch && seq > start.seq);
    const isBeforeEnd = epoch < end.epoch || (epoch === end.epoch && seq <= end.seq);
    return isAfterStart && isBeforeEnd;
  }

  #isTold(epoch: string, seq: number): boolean {
    if (this.#ids().has(`${epoch}-${seq}`)) return true;
    return this.#told.gaps.some(({ after, before }) => {
      const [a, b] = [positionOfId(after), positionOfId(before)];
      const isAfter = epoch > a.epoch || (epoch === a.epoch && seq > a.seq);
      return isAfter && (epoch < b.epoch || (epoch === b.epoch && seq < b.seq));
    });
  }

  #known: Set<string> | undefined;
  #ids(): Set<string> {
    if (this.#known?.size !== this.#told.ids.length) this.#known = new Set(this.#told.ids);
    return this.#known;
  }

  /** Exact counts of gaps within one epoch. */
  wrongCounts(): string[] {
    return this.#told.gaps.flatMap(({ after, before, lost }) => {
      const [a, b] = [positionOfId(after), positionOfId(before)];
      return lost !== null && a.epoch === b.epoch && b.seq - a.seq - 1 !== lost && b.seq - a.seq !== 2
        ? [`gap ${after}…${before} says ${lost}`]
        : [];
    });
  }

  get delivered(): number {
    return this.#told.ids.length;
  }
  get gaps(): number {
    return this.#told.gaps.length;
  }
  get merged(): number {
    return this.#told.merged;
  }
}
