/**
 * One distinct subscription of a stream: symbols, mode, fields and flush interval. Everybody who asked for the same shares
 * one selection, its matching and its frames; what is one client's own is only its place in the log.
 */
import { comparePositions, eventId, type Position } from "../../feed/cursor.ts";
import { matchesPatterns } from "../../feed/symbol.ts";
import { commonEnd } from "./common_end.ts";
import { Conflator } from "./conflation.ts";
import type { EdgeCounters } from "../edge_counters.ts";
import { Frame } from "./frame.ts";
import type { FrameShare } from "./frame_share.ts";
import { MatchOffsets } from "../pull/match_offsets.ts";
import { type LogRecord, type Missing, missingAfter } from "../pull/log_record.ts";
import { projectEvent } from "./projection.ts";
import type { StreamLog } from "../pull/stream_log.ts";
import type { Wanted } from "./wanted.ts";

/** No frame carries more, a single event aside. */
export const FRAME_MAX_BYTES = 256 * 1024;
/** Records looked at for one frame: what bounds the work of a follower that finds nothing. */
const SCAN_MAX_RECORDS = 20_000;
/** Matches remembered; a follower further behind is served by looking again. */
const MATCHES_MAX = 16_384;

/** What a selection needs to know of its stream. */
export interface SelectionStream {
  readonly name: string;
  readonly log: StreamLog;
  /** Events are told apart by `key` rather than (type, symbol). */
  readonly byKey: boolean;
  readonly counters: EdgeCounters;
  /** Frames that several of its selections have in common. */
  readonly share: FrameShare;
}

/** See the file comment. */
export class Selection {
  /** Offsets that match, complete from `#coveredFrom` on; unused when every symbol is wanted. */
  readonly #matches = new MatchOffsets();
  #coveredFrom: number;
  #frames = new Map<number, Frame>();
  #framesEnd = -1;

  constructor(
    readonly key: string,
    readonly stream: SelectionStream,
    readonly wanted: Wanted,
    readonly intervalMs: number,
  ) {
    this.#coveredFrom = stream.log.end;
  }

  /** A matching event arrived at `offset`. Only called for selections that name symbols. */
  note(offset: number): void {
    this.#matches.push(offset);
    if (this.#matches.size > 2 * MATCHES_MAX) this.forget(this.#matches.at(MATCHES_MAX) ?? offset);
  }

  /** Nobody needs what is before `offset` any more. */
  forget(offset: number): void {
    if (this.#matches.forgetBefore(offset) > 0) this.#coveredFrom = offset;
  }

  /**
   * The next frame for a follower at `from`, shared with all others there.
   * @param latest conflated whatever the mode: for a client that can't keep up
   */
  frameAt(from: number, latest: boolean): Frame {
    const { log } = this.stream;
    if (this.#framesEnd !== log.end) {
      this.#frames = new Map();
      this.#framesEnd = log.end;
    }
    const conflated = latest || this.wanted.mode === "latest";
    const key = conflated ? -1 - from : from;
    const known = this.#frames.get(key);
    if (known !== undefined) return known;
    const frame = this.#build(from, conflated, undefined);
    this.#frames.set(key, frame);
    return frame;
  }

  /** As {@link Selection.frameAt} where nobody else follows it: nothing is remembered. */
  frameFor(from: number): Frame {
    return this.#build(from, this.wanted.mode === "latest", undefined);
  }

  /** As {@link Selection.frameAt} for a follower that already has some lists up to further on; shared with nobody. */
  frameSkipping(from: number, skip: readonly Position[], latest: boolean): Frame {
    return this.#build(from, latest || this.wanted.mode === "latest", skip);
  }

  /** Events of `from … stop` that fit one frame, as the mode has them; for answers that choose their own end. */
  frameUpTo(from: number, stop: number): Frame {
    return this.#build(from, this.wanted.mode === "latest", undefined, stop);
  }

  /** Frames are only kept while a flush is going on and the log stands still. */
  dropFrames(): void {
    if (this.#frames.size > 0) this.#frames = new Map();
  }

  #build(
    from: number,
    conflated: boolean,
    skip: readonly Position[] | undefined,
    end = this.stream.log.end,
  ): Frame {
    const { log, counters } = this.stream;
    const first = log.at(from);
    if (first?.missing !== undefined) return this.#gapFrame(from, first, first.missing, skip);
    const stop = log.nextGap(from, end);
    if (!conflated && skip === undefined && this.wanted.fields === undefined) {
      return this.#plainFrame(from, stop);
    }
    counters.framesBuilt++;
    return conflated ? this.#latestFrame(from, stop, skip) : this.#allFrame(from, stop, skip);
  }

  /** Events as they stand in the list: whoever wants the same ones shares the frame. */
  #plainFrame(from: number, stop: number): Frame {
    const { log, share, counters } = this.stream;
    const { to, offsets, texts } = this.#gather(from, stop, undefined, ({ text }) => text);
    return share.get(log.end, from, to, offsets, () => {
      counters.framesBuilt++;
      return this.#frame(from, to, texts, 0, undefined);
    });
  }

  /** As many events as fit one frame; where that is not all, those up to an end in common with other frames. */
  #gather(
    from: number,
    stop: number,
    skip: readonly Position[] | undefined,
    textOf: (record: LogRecord) => string,
  ): { readonly to: number; readonly offsets: readonly number[]; readonly texts: readonly string[] } {
    const offsets: number[] = [];
    const texts: string[] = [];
    let bytes = 0;
    const reached = this.#walk(from, stop, skip, (record, at) => {
      const text = textOf(record);
      bytes += text.length + 1;
      if (bytes > FRAME_MAX_BYTES && texts.length > 0) return false;
      offsets.push(at);
      texts.push(text);
      return true;
    });
    if (reached >= stop) return { to: stop, offsets, texts };
    const to = commonEnd(from, reached);
    const count = lowerBound(offsets, to);
    return { to, offsets: offsets.slice(0, count), texts: texts.slice(0, count) };
  }

  #gapFrame(from: number, record: LogRecord, missing: Missing, skip: readonly Position[] | undefined): Frame {
    const { log, name } = this.stream;
    const known = skip?.[record.list];
    if (known !== undefined && comparePositions(record, known) <= 0) {
      return this.#frame(from, from + 1, [], 0, skip);
    }
    const lacking = known === undefined ? missing : missingAfter(missing, known);
    const gap = gapMembers(name, log.lists[record.list] ?? name, lacking);
    return new Frame(name, from, from + 1, this.#cursor(from + 1, skip), [], 0, gap, missing.cause);
  }

  #allFrame(from: number, stop: number, skip: readonly Position[] | undefined): Frame {
    const { fields } = this.wanted;
    const textOf = ({ text }: LogRecord) => fields === undefined ? text : projectEvent(text, fields);
    const { to, texts } = this.#gather(from, stop, skip, textOf);
    return this.#frame(from, to, texts, 0, skip);
  }

  #latestFrame(from: number, stop: number, skip: readonly Position[] | undefined): Frame {
    const { fields } = this.wanted;
    const conflator = new Conflator(this.stream.byKey);
    const to = this.#walk(from, stop, skip, (record) => {
      if (conflator.chars > FRAME_MAX_BYTES - 4096) return false;
      conflator.add(record);
      return true;
    });
    const { texts, merged } = conflator.finish();
    const cut = fields === undefined ? texts : texts.map((text) => projectEvent(text, fields));
    return this.#frame(from, to, cut, merged, skip);
  }

  #frame(
    from: number,
    to: number,
    texts: readonly string[],
    merged: number,
    skip: readonly Position[] | undefined,
  ): Frame {
    const cursor = this.#cursor(to, skip);
    return new Frame(this.stream.name, from, to, cursor, texts, merged, undefined, undefined);
  }

  #cursor(offset: number, skip: readonly Position[] | undefined): string {
    const { log } = this.stream;
    return skip === undefined ? log.cursorAt(offset) : log.cursorOf(furthest(log.positionsAt(offset), skip));
  }

  /** Shows every wanted record of `from … stop` to `take` until that says stop; returns the first offset not taken. */
  #walk(
    from: number,
    stop: number,
    skip: readonly Position[] | undefined,
    take: (record: LogRecord, at: number) => boolean,
  ): number {
    const { log } = this.stream;
    const { patterns } = this.wanted;
    if (!patterns.all && from >= this.#coveredFrom) return this.#walkMatches(from, stop, skip, take);
    const limit = Math.min(stop, from + SCAN_MAX_RECORDS);
    for (let at = from; at < limit; at++) {
      const record = log.at(at);
      if (record === undefined || (!patterns.all && !matchesPatterns(patterns, record.sym))) continue;
      if (skip !== undefined && hasAlready(skip, record)) continue;
      if (!take(record, at)) return at;
    }
    return limit;
  }

  #walkMatches(
    from: number,
    stop: number,
    skip: readonly Position[] | undefined,
    take: (record: LogRecord, at: number) => boolean,
  ): number {
    const { log } = this.stream;
    for (let n = this.#matches.from(from);; n++) {
      const at = this.#matches.at(n);
      if (at === undefined || at >= stop) return stop;
      const record = log.at(at);
      if (record === undefined || (skip !== undefined && hasAlready(skip, record))) continue;
      if (!take(record, at)) return at;
    }
  }
}

/** List by list the later of two positions. */
export const furthest = (some: readonly Position[], others: readonly Position[]): Position[] =>
  some.map((position, n) => {
    const other = others[n];
    return other !== undefined && comparePositions(other, position) > 0 ? other : position;
  });

function hasAlready(skip: readonly Position[], record: LogRecord): boolean {
  const known = skip[record.list];
  return known !== undefined && comparePositions(record, known) <= 0;
}

/** Index of the first element that is at least `value`. */
function lowerBound(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? Infinity) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The members of a gap message, without its type and cursor. */
export function gapMembers(stream: string, list: string, missing: Missing): string {
  const { after, before, lost, cause, from, to } = missing;
  const text = JSON.stringify({
    stream,
    after: eventId(list, after),
    before: eventId(list, before),
    lost,
    cause,
    from,
    to,
  });
  return text.slice(1, -1);
}
