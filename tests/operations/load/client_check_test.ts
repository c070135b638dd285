/** The load tool's conscience: what it must notice, planted. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseCursor } from "../../../src/feed/cursor.ts";
import { type CheckTotals, ClientCheck, noTotals } from "../../../src/operations/load/client_check.ts";
import { LoadFigures } from "../../../src/operations/load/load_figures.ts";
import type { Run } from "../../../src/operations/load/read_message.ts";
import { judge } from "../../../src/operations/load/judge_stretches.ts";
import { type Stretch, Witness } from "../../../src/operations/load/witness.ts";

const pure = { permissions: "none" } as const;
const EPOCH = "k3f9a0b1";
const LATER = "k3f9a0b2";

function run(
  seqs: readonly number[],
  symbols: readonly string[] = seqs.map(() => "AAPL"),
  epoch = EPOCH,
): Run {
  const isDense = seqs.every((seq, n) => n === 0 || seq === (seqs[n - 1] ?? 0) + 1);
  return { list: "tick", epoch, seqs, symbols, isDense };
}

function client(symbols?: readonly string[]) {
  const totals: CheckTotals = noTotals();
  const stretches: Stretch[] = [];
  const check = new ClientCheck(symbols, totals, (stretch) => void stretches.push(stretch));
  check.moveTo(parseCursor(`tick:${EPOCH}-10`));
  return { check, totals, stretches };
}

const at = (seq: number, epoch = EPOCH) => ({ epoch, seq });

Deno.test({
  name: "a client that gets everything has nothing to complain of, across frames and reconnects",
  ...pure,
  fn() {
    const { check, totals } = client();
    check.take(run([11, 12, 13]));
    check.take(run([14]));
    check.moveTo(parseCursor(`tick:${EPOCH}-14`));
    assertEquals(check.cursor(), `tick:${EPOCH}-14`);
    check.take(run([15, 16]));
    assertEquals([totals.undetected, totals.repeats, totals.events], [0, 0, 6]);
  },
});

Deno.test({
  name: "a hole between frames, within a frame, before a cursor and before a gap is seen",
  ...pure,
  fn() {
    const between = client();
    between.check.take(run([12]));
    assertEquals(between.totals.undetected, 1);
    const within = client();
    within.check.take(run([11, 14]));
    assertEquals(within.totals.undetected, 2);
    const cursor = client();
    cursor.check.moveTo(parseCursor(`tick:${EPOCH}-13`));
    assertEquals(cursor.totals.undetected, 3);
    const gap = client();
    gap.check.gap("tick", at(12), at(20), 7, "evicted");
    assertEquals(gap.totals.undetected, 2);
  },
});

Deno.test({
  name: "a repeat and a step back are seen",
  ...pure,
  fn() {
    const { check, totals } = client();
    check.take(run([11, 12]));
    check.take(run([12]));
    check.take(run([13, 11]));
    assertEquals([totals.repeats, totals.undetected], [2, 0]);
  },
});

Deno.test({
  name: "a told gap is no loss, and a new epoch without a gap is one",
  ...pure,
  fn() {
    const told = client();
    told.check.gap("tick", at(10), at(31), 20, "slow");
    told.check.take(run([31, 32]));
    told.check.gap("tick", at(32), at(1, LATER), null, "epoch");
    told.check.take(run([1, 2], undefined, LATER));
    assertEquals([told.totals.undetected, told.totals.repeats, told.totals.toldLost], [0, 0, 20]);
    assertEquals([...told.totals.gaps], [["slow", 1], ["epoch", 1]]);
    const untold = client();
    untold.check.take(run([1], undefined, LATER));
    assertEquals(untold.totals.undetected, 1);
  },
});

Deno.test({
  name: "what is conflated for a slow client is told by its warning; its order is still held",
  ...pure,
  fn() {
    const { check, totals } = client();
    check.exempt();
    check.take(run([20, 40]));
    check.take(run([39]));
    assertEquals([totals.undetected, totals.repeats, totals.exempt], [0, 1, 1]);
  },
});

Deno.test({
  name: "law: a filtering client misses nothing exactly when it got what the witness saw of its symbols",
  ...pure,
  fn() {
    const symbol = fc.constantFrom("AAPL", "MSFT", "NVDA");
    const scene = fc.record({
      symbols: fc.array(symbol, { minLength: 1, maxLength: 120 }),
      dropped: fc.nat(200),
      gapAt: fc.nat(100),
    });
    fc.assert(fc.property(scene, ({ symbols, dropped, gapAt }) => {
      const witness = new Witness();
      witness.at("tick", at(10));
      const { check, stretches } = client(["AAPL", "NVDA"]);
      let missing = 0;
      symbols.forEach((sym, n) => {
        const seq = 11 + n;
        witness.note(run([seq], [sym]));
        if (sym === "MSFT") return;
        if (n === dropped) missing++;
        else if (n === gapAt) check.gap("tick", at(seq - 1), at(seq + 1), 1, "slow");
        else check.take(run([seq], [sym]));
      });
      check.moveTo(parseCursor(`tick:${EPOCH}-${10 + symbols.length}`));
      check.end();
      const figures = new LoadFigures();
      judge(stretches, witness, figures);
      assertEquals([figures.totals.undetected, figures.totals.unverifiable], [missing, 0]);
    }));
  },
});

Deno.test({
  name: "where the witness itself was told of a gap, or wasn't there, it says nothing",
  ...pure,
  fn() {
    const witness = new Witness();
    witness.at("tick", at(10));
    witness.note(run([11, 12]));
    witness.gap("tick", at(12), at(20));
    witness.note(run([20]));
    const stretch = (from: number, to: number): Stretch => ({
      list: "tick",
      epoch: EPOCH,
      from,
      to,
      symbols: ["AAPL"],
      received: 0,
    });
    assertEquals(
      [stretch(10, 12), stretch(10, 15), stretch(5, 12), stretch(19, 20), stretch(19, 21)].map((one) =>
        witness.expected(one)
      ),
      [2, undefined, undefined, 1, undefined],
    );
    assertEquals([stretch(10, 20), stretch(10, 21)].map((one) => witness.hasReached(one)), [true, false]);
  },
});
