/** In a stream of several lists every cursor's place, and every place's cursor, is what looking at all records finds. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { comparePositions, type Position } from "../../../src/feed/cursor.ts";
import { placeOf } from "../../../src/edge/follow/resume.ts";
import { RingBudget } from "../../../src/edge/pull/ring_budget.ts";
import { StreamLog } from "../../../src/edge/pull/stream_log.ts";
import { aTrade } from "../../support/event_factory.ts";
import { EPOCH, eventRecord, hole, LATER } from "../log_factory.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

interface Step {
  readonly list: number;
  readonly what: string;
}

/** A log of three lists, or of one, after so many steps; it holds no more than `floor`. */
function logAfter(steps: readonly Step[], lists: number, floor: number): StreamLog {
  const names = Array.from({ length: lists }, (_, n) => lists === 1 ? "tick" : `tick.${n}`);
  const log = new StreamLog(names, floor, new RingBudget(1));
  const heads: Position[] = names.map(() => ({ epoch: EPOCH, seq: 2 }));
  heads.forEach((head, list) => log.begin(list, head));
  for (const { list: any, what } of steps) {
    const list = any % lists;
    const { epoch, seq } = heads[list] ?? { epoch: EPOCH, seq: 0 };
    if (what === "event") log.append(eventRecord(aTrade(), seq + 1, { list, epoch }));
    else if (what === "hole") log.append(hole({ epoch, seq }, { epoch, seq: seq + 4 }, 3, list));
    else if (epoch !== LATER) log.append(hole({ epoch, seq }, { epoch: LATER, seq: 1 }, null, list));
    const { epoch: now, seq: at } = log.endPosition(list);
    heads[list] = { epoch: now, seq: at };
  }
  return log;
}

/** Where each list stands at an offset, by looking at every record before it. */
function positionsBySight(log: StreamLog, offset: number): Position[] {
  const positions = log.lists.map((_, list) => log.basePosition(list));
  for (let at = log.base; at < Math.min(offset, log.end); at++) {
    const record = log.at(at);
    if (record !== undefined) positions[record.list] = record;
  }
  return positions;
}

/** The first offset of a list's record after a position, by looking at every record. */
function offsetBySight(log: StreamLog, list: number, position: Position): number {
  for (let at = log.base; at < log.end; at++) {
    const record = log.at(at);
    if (record?.list === list && comparePositions(record, position) > 0) return at;
  }
  return log.end;
}

const text = (positions: readonly Position[]) => positions.map(({ epoch, seq }) => `${epoch}-${seq}`);
const what = fc.oneof({ weight: 9, arbitrary: fc.constant("event") }, fc.constantFrom("hole", "epoch"));
const steps = fc.array(fc.record({ list: fc.nat(2), what }), { maxLength: 80 });

for (const lists of [1, 3]) {
  pure(`cursors of ${lists} lists, and places, are what looking at every record finds`, () => {
    fc.assert(fc.property(steps, fc.constantFrom(1e9, 20, 1), (taken, floor) => {
      const log = logAfter(taken, lists, floor);
      for (let offset = log.base; offset <= log.end; offset++) {
        const positions = log.positionsAt(offset);
        assertEquals(text(positions), text(positionsBySight(log, offset)), `at ${offset}`);
        const place = placeOf(
          log,
          new Map(log.lists.map((list, n) => [list, positions[n] ?? log.basePosition(n)])),
        );
        const offsets = positions.map((position, list) => offsetBySight(log, list, position));
        assertEquals([place.offset, place.gaps], [Math.min(...offsets), []], `from ${text(positions)}`);
      }
    }));
  });
}

pure(
  "a cursor's place is found without looking at the other lists, however long one of them was silent",
  () => {
    const LISTS = 16;
    const names = Array.from({ length: LISTS }, (_, n) => `tick.${n}`);
    const log = new StreamLog(names, 1e9, new RingBudget(1e9));
    const trade = eventRecord(aTrade(), 1);
    const seqs = names.map(() => 0);
    const add = (list: number) => {
      const seq = seqs[list] = (seqs[list] ?? 0) + 1;
      log.append({ ...trade, list, seq });
    };
    names.forEach((_, list) => log.begin(list, { epoch: EPOCH, seq: 0 }));
    for (let list = 4; list < LISTS; list++) add(list);
    for (let n = 0; n < 20_000; n++) add(n % 4);
    for (let list = 8; list < LISTS; list++) add(list);
    let looks = 0;
    const { at } = log;
    log.at = (offset) => {
      looks++;
      return at.call(log, offset);
    };
    const offset = log.end - 50;
    const positions = log.positionsAt(offset);
    assertEquals(placeOf(log, new Map(names.map((name, n) => [name, positions[n] ?? trade]))).offset, offset);
    assert(looks < LISTS * 40, `${looks} records looked at`);
  },
);
