/**
 * From a cursor to a place, and back: what every reconnect and every poll of a client costs the instance before anything is
 * sent. `deno bench -A bench/resume_bench.ts`.
 *
 * A ring of 180 000 events, as 64 MiB hold; clients that are 50 events behind. Lists may be idle: one event long ago, or that
 * one and another just now.
 */
import { parseCursor } from "../src/feed/cursor.ts";
import { placeOf } from "../src/edge/follow/resume.ts";
import { RingBudget } from "../src/edge/pull/ring_budget.ts";
import { StreamLog } from "../src/edge/pull/stream_log.ts";
import { EPOCH, eventRecord } from "../tests/edge/log_factory.ts";
import { aTrade } from "../tests/support/event_factory.ts";

const RING_EVENTS = 180_000;
const BEHIND_EVENTS = 50;

function filled(lists: number, idle: number, wakes: boolean): StreamLog {
  const names = lists === 1 ? ["tick"] : Array.from({ length: lists }, (_, n) => `tick.${n}`);
  const log = new StreamLog(names, Infinity, new RingBudget(Infinity));
  const trade = eventRecord(aTrade(), 1);
  const seqs = names.map(() => 0);
  const add = (list: number) => {
    const seq = seqs[list] = (seqs[list] ?? 0) + 1;
    log.append({ ...trade, list, seq });
  };
  names.forEach((_, list) => log.begin(list, { epoch: EPOCH, seq: 0 }));
  const busy = lists - idle;
  for (let list = busy; list < lists; list++) add(list);
  for (let n = 0; n < RING_EVENTS; n++) add(n % busy);
  if (wakes) { for (let list = busy; list < lists; list++) add(list); }
  return log;
}

for (
  const [lists, idle, wakes] of [
    [1, 0, false],
    [8, 0, false],
    [8, 4, false],
    [64, 16, false],
    [64, 16, true],
  ] as const
) {
  const log = filled(lists, idle, wakes);
  const cursor = parseCursor(log.cursorAt(log.end - BEHIND_EVENTS));
  const name = `${lists} lists, ${idle} of them idle${wakes ? " until just now" : ""}`;
  Deno.bench({ name: `${name}: a cursor's place`, group: "place", fn: () => void placeOf(log, cursor) });
  Deno.bench({
    name: `${name}: a place's cursor`,
    group: "cursor",
    fn: () => void log.cursorAt(log.end - BEHIND_EVENTS),
  });
}
