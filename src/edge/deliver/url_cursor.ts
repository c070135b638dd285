/**
 * The cursor in a socket's URL: where each stream is followed from the first time. Used again, after an unsubscribe, it would
 * bring events a second time.
 */
import { formatCursor, parseCursor } from "../../feed/cursor.ts";
import { streamOfList } from "../../feed/stream.ts";

/** See the file comment. */
export class UrlCursor {
  readonly #text: string;
  readonly #served = new Set<string>();

  constructor(text: string) {
    this.#text = text;
  }

  /** These streams are followed, or were. */
  serve(streams: Iterable<string>): void {
    for (const stream of streams) this.#served.add(stream);
  }

  /**
   * What it says of those that were never followed. `earliest` can't leave one out: it holds where none was.
   * @throws {TickcastError} BAD_CURSOR
   */
  of(streams: readonly string[]): string | undefined {
    if (!streams.some((stream) => this.#served.has(stream))) return this.#text;
    if (this.#text === "" || this.#text === "earliest") return undefined;
    const left = [...parseCursor(this.#text)].filter(([list]) => !this.#served.has(streamOfList(list)));
    return left.length === 0 ? undefined : formatCursor(new Map(left));
  }
}
