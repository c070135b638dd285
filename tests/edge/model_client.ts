/** A client as the invariants see it: what it asked for and, list by list, what it was told. Transports only feed it messages. */
import { type Cursor, parseCursor, type Position } from "../../src/feed/cursor.ts";
import { ModelList, type Produced } from "./model_list.ts";
import type { Message } from "./test_clients.ts";

/** What a client asks for. */
export interface Asked {
  readonly stream: string;
  readonly symbols: readonly string[];
  readonly mode: "all" | "latest";
}

/** See the file comment. */
export class ModelClient {
  /** Where it would resume from. */
  cursor: Cursor = new Map();
  readonly #lists: ReadonlyMap<string, ModelList>;

  /** @param headOf where a list stands now */
  constructor(
    readonly asked: Asked,
    lists: readonly string[],
    headOf: (list: string) => Position | undefined,
  ) {
    this.#lists = new Map(lists.map((name) => [name, new ModelList(name, () => headOf(name))]));
  }

  /** One message, whatever the transport. */
  take(message: Message): void {
    if (message.type === "events" && Array.isArray(message.events)) {
      for (const event of message.events) this.#takeEvent(String(event.id), Number(event.n ?? 1));
    }
    if (message.type === "gap") this.takeGap(message);
    if (typeof message.cursor === "string" && message.cursor !== "") this.#moveTo(message.cursor);
  }

  takeGap(gap: Record<string, unknown>): void {
    const [after, before] = [String(gap.after), String(gap.before)];
    this.#listOf(before).gap(after, before, typeof gap.lost === "number" ? gap.lost : null);
  }

  #takeEvent(id: string, n: number): void {
    const list = this.#listOf(id);
    // A first poll that waits has events, but not where they began.
    if (list.hasBegun) list.take(id, n - 1);
  }

  #listOf(id: string): ModelList {
    const dot = id.indexOf(".");
    const name = dot < 0 ? this.asked.stream : `${this.asked.stream}.${id.slice(0, dot)}`;
    const list = this.#lists.get(name);
    if (list === undefined) throw new Error(`an id of no list of ${this.asked.stream}: ${id}`);
    return list;
  }

  #moveTo(text: string): void {
    this.cursor = parseCursor(text);
    for (const [name, position] of this.cursor) this.#lists.get(name)?.at(position);
  }

  /** What doesn't add up; empty when the invariants hold. */
  problems(produced: Produced): string[] {
    const { stream, symbols, mode } = this.asked;
    const wants = (sym: string) => symbols.includes("*") || symbols.includes(sym);
    const found = [...this.#lists].flatMap(([name, list]) => {
      const end = this.cursor.get(name);
      if (end === undefined) return list.hasBegun ? [`the cursor lost ${name}`] : [];
      return list.problems(produced.get(name) ?? new Map(), end, wants).map((one) => `${name} ${one}`);
    });
    // Only ticks are conflated for one who is slow and did not ask for it.
    if (mode === "all" && stream !== "tick" && this.merged > 0) found.push(`${this.merged} merged unasked`);
    return found.map((one) => `${stream} ${symbols} ${mode}: ${one}`);
  }

  #sum(of: (list: ModelList) => number): number {
    return [...this.#lists.values()].reduce((sum, list) => sum + of(list), 0);
  }

  get delivered(): number {
    return this.#sum((list) => list.delivered);
  }
  get gaps(): number {
    return this.#sum((list) => list.gaps);
  }
  get merged(): number {
    return this.#sum((list) => list.merged);
  }
}
