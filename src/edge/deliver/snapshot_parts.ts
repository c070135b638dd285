/**
 * One snapshot, cut into parts as they are asked for. It holds no text of its own but refers to the events' texts as the table
 * of the latest had them: 8 bytes an event, and beyond that only such events as were replaced since and let go by the log,
 * never more than the snapshot's own size. Of the parts cut already it knows where they begin. Their text is kept as long as
 * the shelf has room, and cut again for whoever comes to it later. Where whole events are merely joined it is kept from the
 * second who asks on: where everybody asks alone, collecting what was kept cost as much as joining it.
 */
import type { Shelf } from "./snapshot_shelf.ts";

/** No part is larger, a single event aside; what the message around it takes is allowed for. */
export const PART_MAX_BYTES = 64_000;
const ENVELOPE_BYTES = 512;

/** One part: its events' texts with commas between. */
export interface SnapshotPart {
  readonly events: string;
  readonly isLast: boolean;
}

/** See the file comment. */
export class SnapshotParts {
  readonly #texts: readonly string[];
  readonly #shape: ((text: string) => string) | undefined;
  readonly #shelf: Shelf<SnapshotPart>;
  readonly #name: string;
  /** Index of each part's first event, as far as the parts before it were cut. */
  readonly #begins = [0];
  #isKept: boolean;

  /**
   * @param shape makes of an event's text what is shown of it, always the same of the same; undefined: all of it
   * @param name of no other snapshot on the shelf
   */
  constructor(
    texts: readonly string[],
    shape: ((text: string) => string) | undefined,
    shelf: Shelf<SnapshotPart>,
    name: string,
  ) {
    this.#texts = texts;
    this.#shape = shape;
    this.#shelf = shelf;
    this.#name = name;
    this.#isKept = shape !== undefined;
  }

  /** Whether there is such a part, as far as those before it were taken. */
  has(index: number): boolean {
    return index < this.#begins.length;
  }

  /** A part; there is at least one, if empty. Undefined after the last, and before the one ahead of it was taken. */
  part(index: number): SnapshotPart | undefined {
    const from = this.#begins[index];
    if (from === undefined) return undefined;
    const key = `${this.#name}.${index}`;
    const known = this.#shelf.get(key);
    if (known !== undefined) return known;
    const { part, to } = this.#cut(from);
    if (!part.isLast) this.#begins[index + 1] = to;
    if (this.#isKept) this.#shelf.keep(key, part, part.events.length);
    return part;
  }

  /** All parts, one after the other. */
  *all(): Iterable<SnapshotPart> {
    for (let index = 0, part = this.part(0); part !== undefined; part = this.part(++index)) yield part;
  }

  /** Somebody else takes it too. */
  share(): void {
    this.#isKept = true;
  }

  /** The part that begins with an event, and the index of the first event after it. */
  #cut(from: number): { readonly part: SnapshotPart; readonly to: number } {
    const shown: string[] = [];
    let bytes = 0;
    let to = from;
    for (let text = this.#texts[to]; text !== undefined; text = this.#texts[++to]) {
      const shaped = this.#shape === undefined ? text : this.#shape(text);
      if (shown.length > 0 && bytes + shaped.length > PART_MAX_BYTES - ENVELOPE_BYTES) break;
      shown.push(shaped);
      bytes += shaped.length + 1;
    }
    return { part: { events: shown.join(","), isLast: to === this.#texts.length }, to };
  }
}
