/** Logs filled by hand: records as a puller would append them. */
import type { Position } from "../../src/feed/cursor.ts";
import { eventId } from "../../src/feed/cursor.ts";
import type { FeedEvent } from "../../src/feed/event.ts";
import { encodeEvent, stampBody } from "../../src/feed/event_text.ts";
import { type LogRecord, type Missing, missingRecord } from "../../src/edge/pull/log_record.ts";
import { RingBudget } from "../../src/edge/pull/ring_budget.ts";
import { StreamLog } from "../../src/edge/pull/stream_log.ts";
import { aTrade } from "../support/event_factory.ts";

export const EPOCH = "k3f9a0b1";
export const LATER = "k3f9a0b2";

/** A record of an event at a position of a list. */
export function eventRecord(event: FeedEvent, seq: number, over: Partial<LogRecord> = {}): LogRecord {
  const epoch = over.epoch ?? EPOCH;
  return {
    list: 0,
    epoch,
    seq,
    text: stampBody(eventId("tick", { epoch, seq }), encodeEvent(event).text),
    type: event.type,
    sym: event.type === "gap" ? "" : event.sym,
    t: event.t,
    late: false,
    missing: undefined,
    ...over,
  };
}

/** A log of one list that holds trades `from … to` of one epoch. */
export function tradeLog(from: number, to: number, floor = 10_000, budget = new RingBudget(1e9)): StreamLog {
  const log = new StreamLog(["tick"], floor, budget);
  log.begin(0, { epoch: EPOCH, seq: from - 1 });
  for (let seq = from; seq <= to; seq++) log.append(eventRecord(aTrade({ tid: String(seq) }), seq));
  return log;
}

/** A hole, and the record of it. */
export function hole(after: Position, before: Position, lost: number | null, list = 0): LogRecord {
  const cause = lost === null ? "epoch" : "evicted";
  const missing: Missing = { after, before, lost, cause, from: undefined, to: undefined };
  return missingRecord(list, missing, { epoch: before.epoch, seq: before.seq - 1 });
}
