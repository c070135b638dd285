import { assertEquals } from "@std/assert";
import type { Position } from "../../../src/feed/cursor.ts";
import { SET_BACK_MOVES, SET_BACK_MS, SetBackWatch } from "../../../src/edge/pull/set_back_watch.ts";

const EPOCH = "k3f9a0b1";
const at = (seq: number): Position => ({ epoch: EPOCH, seq });
const PULL_MS = 250;

/** When a list is said to be set back, read every 250 ms for five minutes. */
function saidAtMs(headAt: (ms: number) => Position | undefined): number | undefined {
  const watch = new SetBackWatch();
  for (let ms = 0; ms <= 300_000; ms += PULL_MS) if (watch.note(headAt(ms), ms)) return ms;
  return undefined;
}

const rows: readonly [string, (ms: number) => Position | undefined, number | undefined][] = [
  ["moves on at every read is set back after half a minute", (ms) => at(ms), SET_BACK_MS],
  ["moves on once a minute is set back after five minutes", (ms) => at(Math.floor(ms / 60_000)), 300_000],
  [
    "moves on every ten seconds is set back at its fifth move",
    (ms) => at(Math.floor(ms / 10_000)),
    SET_BACK_MOVES * 10_000,
  ],
  ["stands still is an old copy, however long", () => at(7), undefined],
  [
    "moves on for 29 s and is then caught up is a replica that lagged",
    (ms) => ms < 29_000 ? at(ms) : undefined,
    undefined,
  ],
  [
    "is read by turns from a replica and from where it is, is no news",
    (ms) => ms % 1000 === 0 ? undefined : at(ms),
    undefined,
  ],
  [
    "is read by turns from two old copies, is no news",
    (ms) => at(ms % 500 === 0 ? ms : ms + 9000),
    undefined,
  ],
];

for (const [what, headAt, expectedMs] of rows) {
  Deno.test({
    name: `what goes on under an earlier epoch and ${what}`,
    permissions: "none",
    fn: () => assertEquals(saidAtMs(headAt), expectedMs),
  });
}
