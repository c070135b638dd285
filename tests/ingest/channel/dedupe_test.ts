import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { FeedEvent } from "../../../src/feed/event.ts";
import { Dedupe } from "../../../src/ingest/channel/dedupe.ts";
import {
  A_MONDAY,
  aFairValue,
  aHeatmap,
  aMinute,
  aSecond,
  aSignal,
  aTrade,
} from "../../support/event_factory.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** `n` new, `r` repeat, `c1` first correction. */
function verdicts(dedupe: Dedupe, sent: readonly [connection: string, event: FeedEvent][]): string {
  return sent.map(([connection, event]) => {
    const verdict = dedupe.judge(event, connection);
    if (verdict.kind === "correction") return `c${"rev" in verdict.event && verdict.event.rev}`;
    return verdict.kind[0];
  }).join(" ");
}
const from = (connection: string, events: readonly FeedEvent[]) =>
  events.map((event): [string, FeedEvent] => [connection, event]);

test("a trade repeats by symbol, exchange, TRF and id, whatever came with it and when it was received", () => {
  const trades = [
    aTrade(),
    aTrade({ rx: 1, trft: 5 }),
    aTrade({ sym: "B" }),
    aTrade({ x: 11 }),
    aTrade({ trfi: 202 }),
    aTrade({ tid: "2" }),
  ];
  assertEquals(verdicts(new Dedupe(), from("a", trades)), "n r n n n n");
});

test("a trade id that comes again on another day is another trade", () => {
  const nextDay = aTrade({ t: A_MONDAY + 24 * 3_600_000 });
  assertEquals(verdicts(new Dedupe(), from("a", [aTrade(), nextDay, nextDay])), "n n r");
});

test("trades without id never repeat within a connection, and are matched one to one over two", () => {
  const bare = aTrade({ tid: undefined });
  assertEquals(verdicts(new Dedupe(), from("a", [bare, bare, bare])), "n n n");
  assertEquals(
    verdicts(new Dedupe(), [["a", bare], ["b", bare], ["b", bare], ["a", bare], ["a", bare], [
      "b",
      aTrade({ tid: undefined, q: 2 }),
    ]]),
    "n r n r n n",
  );
});

const A = aSecond({ volume: 1 }), B = aSecond({ volume: 2 }), C = aSecond({ volume: 3 });

test("a bar with equal content is a repeat, with new content a correction that counts up", () => {
  assertEquals(verdicts(new Dedupe(), from("a", [A, A, B, B, C])), "n r c1 r c2");
});

test("a correction back to an earlier content is a correction on one connection", () => {
  assertEquals(verdicts(new Dedupe(), from("a", [A, B, A, A, B])), "n c1 c2 r c3");
});

test("what a lagging second connection sends of the same bars is all repeats", () => {
  assertEquals(verdicts(new Dedupe(), [...from("a", [A, B, C]), ...from("b", [A, B, C])]), "n c1 c2 r r r");
  assertEquals(
    verdicts(new Dedupe(), [["a", A], ["b", A], ["b", B], ["a", B], ["a", C], ["b", C]]),
    "n r c1 r c2 r",
  );
});

test("however two connections interleave the same bars, each version is forwarded once and in order", () => {
  const versions = Array.from({ length: 8 }, (_, n) => aSecond({ volume: n % 5 + 1, close: 187 + n }));
  fc.assert(fc.property(fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (picks) => {
    const left = { a: [...versions], b: [...versions] };
    const dedupe = new Dedupe();
    const forwarded: unknown[] = [];
    for (const pick of picks) {
      const connection = pick ? "a" : "b";
      const bar = left[connection].shift();
      if (!bar) continue;
      const verdict = dedupe.judge(bar, connection);
      if (verdict.kind !== "repeat" && "close" in verdict.event) forwarded.push(verdict.event.close);
    }
    assertEquals(forwarded, versions.slice(0, forwarded.length).map((bar) => bar.close));
  }));
});

test("a true bar replaces a synthetic one as its correction, never the other way round", () => {
  const synthetic = aMinute({ synthetic: true });
  assertEquals(
    verdicts(new Dedupe(), [
      ["", synthetic],
      ["", aMinute({ synthetic: true, volume: 7 })],
      ["a", aMinute()],
      ["", synthetic],
    ]),
    "n c1 c2 r",
  );
  assertEquals(verdicts(new Dedupe(), [["a", aMinute()], ["", synthetic]]), "n r");
});

test("fair values repeat to the nanosecond, signals by key, heatmaps only while nothing changed", () => {
  assertEquals(
    verdicts(
      new Dedupe(),
      from("a", [aFairValue(), aFairValue(), aFairValue({ ns: 1 }), aFairValue({ ns: undefined })]),
    ),
    "n r n n",
  );
  assertEquals(
    verdicts(new Dedupe(), from("", [aSignal(), aSignal({ rx: 3 }), aSignal({ key: "k" })])),
    "n r n",
  );
  const [one, two] = [aHeatmap({ hash: "1" }), aHeatmap({ hash: "2" })];
  assertEquals(verdicts(new Dedupe(), from("", [one, one, two, one])), "n r n n");
});

test("what a list holds is known after a restart, with the revision it had", () => {
  const dedupe = new Dedupe();
  const stamp = (event: FeedEvent, rx: number) => ({ ...event, id: `k-${rx}`, rx }) as FeedEvent;
  for (
    const [n, event] of [aTrade(), A, { ...B, rev: 1 }, aMinute({ rev: 4 }), aFairValue(), aSignal()]
      .entries()
  ) {
    dedupe.seed(stamp(event, n));
  }
  assertEquals(
    verdicts(
      dedupe,
      from("a", [aTrade(), A, B, C, aMinute(), aMinute({ volume: 9 }), aFairValue(), aSignal()]),
    ),
    "r r r c2 r c5 r r",
  );
});

test("memory is bounded, and exact for one generation at least", () => {
  const dedupe = new Dedupe(100);
  const trade = (n: number) => aTrade({ tid: String(n) });
  for (let n = 0; n < 1000; n++) dedupe.judge(trade(n), "a");
  assertEquals(dedupe.size <= 200, true);
  assertEquals(
    verdicts(dedupe, from("a", Array.from({ length: 100 }, (_, n) => trade(900 + n)))),
    Array(100).fill("r").join(" "),
  );
});
