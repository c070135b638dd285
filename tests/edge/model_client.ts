/** A client as the invariants see it: what it asked for and, list by list, what it was told. Transports only feed it messages. */
import { type Cursor, formatCursor, parseCursor } from "../../src/feed/cursor.ts";
import type { Tier } from "../../src/feed/settings/settings.ts";
import { type Asked, type Change, modeOf } from "./model_asked.ts";
import { toldGap } from "./model_gap.ts";
import { ModelList } from "./model_list.ts";
import type { Produced } from "./model_produced.ts";
import type { Message } from "./test_clients.ts";

/** Of one who is slow and did not ask for it, only these are merged. */
const CONFLATED = ["tick"];

/** What a client is and stays. */
export interface Being {
  readonly streams: readonly string[];
  readonly tier: Tier;
}

/** See the file comment. */
export class ModelClient {
  /** Where it would resume from. */
  cursor: Cursor = new Map();
  /** What it wants now. */
  asked: Asked;
  readonly #lists: ReadonlyMap<string, ModelList>;
  readonly #listsOf: ReadonlyMap<string, readonly string[]>;
  /** Said and not answered yet, by the id of the request. */
  readonly #said = new Map<number, Asked>();
  readonly #errors: string[] = [];
  #asking: Asked | undefined;
  #lastId = 0;
  #answers = 0;

  constructor(readonly being: Being, asked: Asked, listsOf: (stream: string) => readonly string[]) {
    this.asked = asked;
    this.#listsOf = new Map(being.streams.map((stream) => [stream, listsOf(stream)]));
    this.#lists = new Map(
      [...this.#listsOf].flatMap(([stream, names]) =>
        names.map((name) => [name, new ModelList(name, !CONFLATED.includes(stream))] as const)
      ),
    );
  }

  /** A new connection, or poll: from where the client stands it asks for what it wants now. */
  begin(): void {
    this.#said.clear();
    if (this.#asking === this.asked) return;
    this.#asking = this.asked;
    for (const [name, list] of this.#lists) list.ask(this.cursor.get(name), this.#effective(this.asked));
  }

  /** Changes its mind on a live connection; gives the message to send. */
  change({ message, asked }: Change): string {
    this.asked = asked;
    this.#said.set(++this.#lastId, asked);
    return JSON.stringify({ ...message, streams: this.being.streams, id: this.#lastId });
  }

  /** The part of its cursor that speaks of these streams. */
  cursorText(streams: readonly string[] = this.being.streams): string {
    const names = streams.flatMap((stream) => this.#listsOf.get(stream) ?? []);
    return formatCursor(new Map([...this.cursor].filter(([name]) => names.includes(name))));
  }

  /** One message, whatever the transport. */
  take(message: Message): void {
    const { type, stream, events, cursor, id } = message;
    if (type === "events" && Array.isArray(events)) {
      for (const event of events) this.#takeEvent(String(stream), event);
    }
    if (type === "gap") this.#listOf(String(stream), String(message.before)).gap(toldGap(message));
    if (type === "error" || type === "fault") this.#errors.push(JSON.stringify(message));
    if (typeof cursor === "string" && cursor !== "") this.#moveTo(cursor);
    if ((type === "subscribed" || type === "unsubscribed") && typeof id === "number") this.#answered(id);
  }

  /** As a native EventSource does: the last id is all it has, whatever an id before said of other streams. */
  resumesFrom(id: string): void {
    this.cursor = parseCursor(id);
  }

  #takeEvent(stream: string, event: Readonly<Record<string, unknown>>): void {
    const list = this.#listOf(stream, String(event.id));
    // A first poll that waits has events, but not where they began.
    if (list.hasBegun) list.take(event);
  }

  #listOf(stream: string, id: string): ModelList {
    const dot = id.indexOf(".");
    const name = dot < 0 ? stream : `${stream}.${id.slice(0, dot)}`;
    const list = this.#lists.get(name);
    if (list === undefined) throw new Error(`an id of no list of ${this.being.streams}: ${id} of ${stream}`);
    return list;
  }

  #moveTo(text: string): void {
    const part = parseCursor(text);
    for (const names of this.#listsOf.values()) {
      const missing = names.filter((name) => !part.has(name));
      if (missing.length > 0 && missing.length < names.length) this.#errors.push(`${text} lacks ${missing}`);
    }
    this.cursor = new Map([...this.cursor, ...part]);
    for (const [name, position] of part) this.#lists.get(name)?.at(position);
  }

  #answered(id: number): void {
    const asked = this.#said.get(id);
    if (asked === undefined) return;
    this.#said.delete(id);
    this.#answers++;
    this.#asking = asked;
    for (const [name, list] of this.#lists) list.ask(this.cursor.get(name), this.#effective(asked));
  }

  #effective(asked: Asked): Asked {
    return { ...asked, mode: modeOf(asked, this.being.tier) };
  }

  /** Holds what came since the last time against what was made. */
  check(produced: Produced): void {
    for (const [name, list] of this.#lists) list.check(produced.get(name) ?? new Map());
  }

  /** What doesn't add up; empty when the invariants hold. */
  problems(produced: Produced): string[] {
    const found = [...this.#lists].flatMap(([name, list]) => {
      const end = this.cursor.get(name);
      if (end === undefined) return [`${name} never began`];
      return list.problems(produced.get(name) ?? new Map(), end).map((one) => `${name} ${one}`);
    });
    const { streams, tier } = this.being;
    const { symbols, mode } = this.asked;
    return [...this.#errors, ...found].map((one) => `${streams} ${tier} ${symbols} ${mode}: ${one}`);
  }

  /** Sums over the lists of each stream. */
  *figures(): Iterable<readonly [string, number]> {
    for (const [stream, names] of this.#listsOf) {
      for (const name of names) {
        const list = this.#lists.get(name);
        if (list === undefined) continue;
        yield [`${stream} delivered`, list.delivered];
        yield [`${stream} merged`, list.merged];
        for (const cause of list.causes) yield [`gaps ${cause}`, 1];
      }
    }
    yield ["changes answered", this.#answers];
  }
}
