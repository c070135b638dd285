/**
 * The snapshots of an instance: everybody who wants the same at the same moment has one between them, and so the work of
 * cutting it. What is kept for those who may still come is bounded in bytes over all streams; a snapshot on its way is held by
 * those it goes to, and needs nothing of it.
 */
import { patternList, type SymbolPatterns } from "../../feed/symbol.ts";
import { projectEvent } from "../follow/projection.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";
import { type SnapshotPart, SnapshotParts } from "./snapshot_parts.ts";
import { Shelf } from "./snapshot_shelf.ts";

/**
 * References to events, of snapshots that may be asked for again: thirteen of 10 000 symbols. Replaced events among them are
 * let go when their stream is asked for one at a later moment.
 */
const ASKED_MAX_BYTES = 1024 * 1024;
/** Texts of parts: a client that keeps up with others finds the next one here, however large the whole is. */
const PARTS_MAX_BYTES = 7 * 1024 * 1024;
/** All that an instance keeps. */
export const SNAPSHOTS_KEPT_MAX_BYTES = ASKED_MAX_BYTES + PARTS_MAX_BYTES;

const REFERENCE_BYTES = 8;

/** What of a stream a snapshot is made of. */
export interface SnapshotSource {
  readonly log: Pick<StreamFeed["log"], "end">;
  readonly latest: Pick<StreamFeed["latest"], "texts">;
}

/** A stream at one end of its log. */
interface Moment {
  readonly end: number;
  /** Of no other moment of any stream. */
  readonly name: string;
}

/** See the file comment. */
export class SnapshotShare {
  readonly #asked = new Shelf<SnapshotParts>(ASKED_MAX_BYTES);
  readonly #parts = new Shelf<SnapshotPart>(PARTS_MAX_BYTES);
  readonly #moments = new WeakMap<SnapshotSource, Moment>();
  #named = 0;

  /** Kept at present; never more than {@link SNAPSHOTS_KEPT_MAX_BYTES}. */
  get bytes(): number {
    return this.#asked.bytes + this.#parts.bytes;
  }

  /**
   * The latest event of every wanted symbol, true at the log's end now. Undefined when the stream's latest events have to be
   * loaded first.
   */
  of(
    feed: SnapshotSource,
    patterns: SymbolPatterns,
    fields: ReadonlySet<string> | undefined,
  ): SnapshotParts | undefined {
    const ask = JSON.stringify([patternList(patterns), fields === undefined ? null : [...fields].sort()]);
    const key = this.#momentOf(feed) + ask;
    const known = this.#asked.get(key);
    if (known !== undefined) {
      known.share();
      return known;
    }
    const texts = feed.latest.texts(patterns);
    if (texts === undefined) return undefined;
    const shape = fields && ((text: string) => projectEvent(text, fields));
    const made = new SnapshotParts(texts, shape, this.#parts, this.#newName());
    this.#asked.keep(key, made, texts.length * REFERENCE_BYTES);
    return made;
  }

  /** The name of the present one; what was asked at an earlier one can't be asked any more. */
  #momentOf(feed: SnapshotSource): string {
    const { end } = feed.log;
    const last = this.#moments.get(feed);
    if (last?.end === end) return last.name;
    if (last !== undefined) this.#asked.forget(last.name);
    const name = `${this.#newName()} `;
    this.#moments.set(feed, { end, name });
    return name;
  }

  #newName(): string {
    return String(++this.#named);
  }
}
