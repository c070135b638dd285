/** Clients that come back to a log filled by hand: what they learn until they have caught up. */
import { systemClock } from "../../../src/feed/clock.ts";
import { formatCursor, parseCursor, type Position } from "../../../src/feed/cursor.ts";
import { symbolPatterns } from "../../../src/feed/symbol.ts";
import { EdgeCounters } from "../../../src/edge/edge_counters.ts";
import type { Frame } from "../../../src/edge/follow/frame.ts";
import { FrameShare } from "../../../src/edge/follow/frame_share.ts";
import { placeOf } from "../../../src/edge/follow/resume.ts";
import { Selection } from "../../../src/edge/follow/selection.ts";
import { RingBudget } from "../../../src/edge/pull/ring_budget.ts";
import { StreamLog } from "../../../src/edge/pull/stream_log.ts";
import { aTrade } from "../../support/event_factory.ts";
import { EPOCH, eventRecord, hole } from "../log_factory.ts";

/** A position of the one epoch there is. */
export const at = (seq: number): Position => ({ epoch: EPOCH, seq });

/** A log of several lists, filled step by step. */
export function fillingLog(lists: number, floor = 1e9) {
  const names = lists === 1 ? ["tick"] : Array.from({ length: lists }, (_, n) => `tick.${n}`);
  const log = new StreamLog(names, floor, new RingBudget(1));
  const heads = names.map((_, list) => {
    log.begin(list, at(0));
    return 0;
  });
  /** Positions nobody can vouch for: under them something else stood before. */
  const rewrites: { readonly list: number; readonly seq: number }[] = [];
  const next = (list: number) => heads[list] = (heads[list] ?? 0) + 1;
  const add = (list: number) => {
    const seq = next(list);
    const text = JSON.stringify({ id: `${lists === 1 ? "" : `${list}.`}${EPOCH}-${seq}` });
    log.append({ ...eventRecord(aTrade(), seq, { list }), text });
  };
  return {
    log,
    heads,
    rewrites,
    add,
    /** A gap event of ingest's. */
    gap(list: number, lost: number | null) {
      const seq = next(list);
      log.append(hole(at(seq - 1), at(seq + 1), lost, list));
    },
    /** The list went back and came on under the ids that were read already, up to one that is new. */
    rewrite(list: number, isGapNext: boolean) {
      const seq = heads[list] ?? 0;
      rewrites.push({ list, seq });
      log.append(hole(at(seq), at(seq + 1), null, list));
      if (isGapNext) this.gap(list, 3);
      else add(list);
    },
  };
}

function frameAt(log: StreamLog, offset: number, skip: readonly Position[] | undefined): Frame {
  const stream = {
    name: "tick",
    log,
    byKey: false,
    counters: new EdgeCounters(systemClock),
    share: new FrameShare(),
  };
  const wanted = {
    patterns: symbolPatterns(["*"]),
    mode: "all",
    maxHz: undefined,
    fields: undefined,
  } as const;
  const selection = new Selection("all", stream, wanted, 25);
  return skip === undefined ? selection.frameFor(offset) : selection.frameSkipping(offset, skip, false);
}

/** What one client learns until it has caught up: per list the positions covered, and where a gap was told. */
export class Learnt {
  readonly positions: number[][];
  readonly told: number[][];
  constructor(readonly log: StreamLog) {
    this.positions = log.lists.map(() => []);
    this.told = log.lists.map(() => []);
  }

  gap(list: number, after: number, before: number): void {
    this.told[list]?.push(after);
    for (let seq = after + 1; seq < before; seq++) this.positions[list]?.push(seq);
  }

  frame({ texts, gap }: Frame): void {
    const split = this.log.lists.length > 1;
    const read = (id: string) => {
      const [list, position] = split ? id.split(".") : ["0", id];
      return [Number(list), Number(position?.split("-")[1])] as const;
    };
    for (const text of texts) {
      const [list, seq] = read(JSON.parse(text).id);
      this.positions[list]?.push(seq);
    }
    if (gap === undefined) return;
    const { after, before } = JSON.parse(`{${gap}}`);
    this.gap(read(after)[0], read(after)[1], read(before)[1]);
  }
}

/** A socket: resumed once, then frame by frame to the end. */
export function stay(log: StreamLog, positions: readonly Position[]): Learnt {
  const learnt = new Learnt(log);
  const place = placeOf(log, new Map(log.lists.map((list, n) => [list, positions[n] ?? at(0)])));
  for (const { list, missing } of place.gaps) learnt.gap(list, missing.after.seq, missing.before.seq);
  for (let offset = place.offset; offset < log.end;) {
    const frame = frameAt(log, offset, place.skip);
    learnt.frame(frame);
    offset = frame.to;
  }
  return learnt;
}

/** Polls: one gap or frame at a time, each from the cursor of the one before. */
export function comeAgain(log: StreamLog, positions: readonly Position[]): Learnt {
  const learnt = new Learnt(log);
  let cursor = formatCursor(new Map(log.lists.map((list, n) => [list, positions[n] ?? at(0)])));
  const seen = new Set<string>();
  while (!seen.has(cursor)) {
    seen.add(cursor);
    const place = placeOf(log, parseCursor(cursor));
    const [gap] = place.gaps;
    if (gap !== undefined) {
      const { after, before } = gap.missing;
      learnt.gap(gap.list, after.seq, before.seq);
      cursor = formatCursor(
        new Map([...parseCursor(cursor), [log.lists[gap.list] ?? "", at(before.seq - 1)]]),
      );
    } else if (place.offset < log.end) {
      const frame = frameAt(log, place.offset, place.skip);
      learnt.frame(frame);
      cursor = frame.cursor;
    }
  }
  return learnt;
}
