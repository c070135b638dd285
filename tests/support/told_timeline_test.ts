/** The laws find what breaks them. */
import { assertEquals } from "@std/assert";
import { ToldTimeline, tradeKey } from "./told_timeline.ts";

const E = "k3f9a0b1";
const trade = (seq: number, tid = seq, epoch = E) => ({
  id: `${epoch}-${seq}`,
  type: "trade",
  sym: "A",
  x: 4,
  tid,
});
const gap = (after: string, before: string, lost: number | null = null) => ({
  after,
  before,
  lost,
  cause: "x",
});
const written = new Map(Array.from({ length: 9 }, (_, n) => [tradeKey("A", 4, undefined, n + 1), n]));

type Told = ReturnType<typeof trade> | ReturnType<typeof gap>;

const CASES: readonly [name: string, told: readonly Told[], ids: number, content: number][] = [
  ["everything once", [trade(1), trade(2), trade(3)], 0, 0],
  ["a hole", [trade(1), trade(3)], 1, 1],
  ["a hole that is told", [trade(1), gap(`${E}-1`, `${E}-3`, 1), trade(3)], 0, 0],
  ["a hole that is told wrongly", [trade(1), gap(`${E}-1`, `${E}-4`, 5), trade(4)], 1, 0],
  ["a repeat", [trade(1), trade(2), trade(2)], 1, 1],
  ["out of order", [trade(2), trade(1)], 1, 1],
  ["a new epoch, untold", [trade(1), trade(1, 3, "k3f9a0b2")], 1, 1],
  ["a new epoch, told", [trade(1), gap(`${E}-1`, "k3f9a0b2-1"), trade(1, 3, "k3f9a0b2")], 0, 0],
  ["the same ids with other content", [trade(1), trade(2, 5)], 0, 1],
  ["content again under new ids", [trade(1), gap(`${E}-1`, "k3f9a0b2-1"), trade(1, 1, "k3f9a0b2")], 0, 1],
  ["content nobody wrote", [trade(1), trade(2, 77)], 0, 1],
];

for (const [name, told, ids, content] of CASES) {
  Deno.test({
    name: `a told timeline with ${name} is judged`,
    permissions: "none",
    fn() {
      const timeline = new ToldTimeline("tick");
      for (const one of told) "id" in one ? timeline.take([one]) : timeline.tell(one);
      assertEquals([timeline.byIds().length, timeline.byContent(written).length], [ids, content]);
    },
  });
}
