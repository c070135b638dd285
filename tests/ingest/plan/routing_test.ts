/** Laws of routing, rebalancing and loans. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { planLoans } from "../../../src/ingest/manage/failover.ts";
import { ASKED_REBALANCE, AUTOMATIC_REBALANCE, planRebalance } from "../../../src/ingest/plan/rebalance.ts";
import { assignTickers } from "../../../src/ingest/plan/routing.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const tickers = fc.uniqueArray(fc.stringMatching(/^[A-Z]{1,4}$/), { maxLength: 200 });
const ids = fc.constantFrom<readonly string[]>(["c1"], ["c1", "c2"], ["c1", "c2", "c3"]);

test("routing gives every ticker exactly one home, and the same one every time", () => {
  const strategies = fc.constantFrom("manual", "round_robin", "priority", "load_balanced");
  fc.assert(
    fc.property(tickers, ids, strategies, fc.array(fc.nat(500)), (names, lanes, strategy, numbers) => {
      const rates = new Map(names.slice(0, numbers.length).map((name, n) => [name, numbers[n] ?? 0]));
      const priorities = new Map(names.slice(0, 5).map((name, n) => [name, n + 1]));
      const loads = () => new Map(lanes.map((id) => [id, { tickers: 0, rate: 0 }]));
      const homes = assignTickers(names, loads(), { strategy, priorities, rates });
      assertEquals([...homes.keys()].toSorted(), names.toSorted());
      for (const id of homes.values()) assert(lanes.includes(id));
      assertEquals(assignTickers(names, loads(), { strategy, priorities, rates }), homes);
    }),
  );
  assertThrows(
    () => assignTickers(["A"], new Map(), { strategy: "manual", priorities: new Map(), rates: new Map() }),
    RangeError,
  );
});

test("load balancing by rate leaves no connection above the others by more than the busiest ticker", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 200 }),
      ids,
      (numbers, lanes) => {
        const names = numbers.map((_, n) => `S${n}`);
        const rates = new Map(names.map((name, n) => [name, numbers[n] ?? 0]));
        const loads = new Map(lanes.map((id) => [id, { tickers: 0, rate: 0 }]));
        const homes = assignTickers(names, loads, {
          strategy: "load_balanced",
          priorities: new Map(),
          rates,
        });
        const sums = lanes.map((id) =>
          names.filter((name) => homes.get(name) === id).reduce(
            (sum, name) => sum + (rates.get(name) ?? 0),
            0,
          )
        );
        assert(Math.max(...sums) - Math.min(...sums) <= Math.max(...numbers), sums.join());
      },
    ),
  );
});

test("a rebalance never makes it worse, moves nothing twice, and calms down: what it made is left alone", () => {
  const weights = fc.array(fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 60 }), {
    minLength: 2,
    maxLength: 3,
  });
  fc.assert(fc.property(weights, (lists) => {
    const before = new Map(
      lists.map((list, c) => [`c${c}`, new Map(list.map((weight, n) => [`T${c}_${n}`, weight]))]),
    );
    const moves = planRebalance(before, ASKED_REBALANCE);
    assertEquals(new Set(moves.map((move) => move.ticker)).size, moves.length);
    const after = new Map([...before].map(([id, list]) => [id, new Map(list)]));
    for (const { ticker, from, to } of moves) {
      const weight = after.get(from)?.get(ticker);
      assert(weight !== undefined && weight > 0);
      after.get(from)?.delete(ticker);
      after.get(to)?.set(ticker, weight);
    }
    const spread = (all: typeof before) => {
      const sums = [...all.values()].map((list) => [...list.values()].reduce((sum, one) => sum + one, 0));
      return Math.max(...sums) - Math.min(...sums);
    };
    assert(spread(after) <= spread(before));
    const again = planRebalance(after, AUTOMATIC_REBALANCE);
    assert(spread(applied(after, again)) <= spread(after));
  }));
});

function applied(weights: Map<string, Map<string, number>>, moves: ReturnType<typeof planRebalance>) {
  const after = new Map([...weights].map(([id, list]) => [id, new Map(list)]));
  for (const { ticker, from, to } of moves) {
    after.get(to)?.set(ticker, after.get(from)?.get(ticker) ?? 0);
    after.get(from)?.delete(ticker);
  }
  return after;
}

test("a rate that wavers around the share moves nothing: hysteresis", () => {
  const around = (a: number, b: number) =>
    new Map([["c1", new Map([["A", a], ["B", 10]])], ["c2", new Map([["C", b], ["D", 10]])]]);
  for (const [a, b] of [[100, 80], [80, 100], [110, 90]] as const) {
    assertEquals(planRebalance(around(a, b), AUTOMATIC_REBALANCE), []);
  }
});

test("every topic of a connection that is down has one carrier of its group that is up, or there is none to have", () => {
  const standing = fc.constantFrom("up", "down", "returning");
  const seat = fc.record({ group: fc.constantFrom("g", "h"), standing, count: fc.nat(20) });
  fc.assert(fc.property(fc.array(seat, { maxLength: 3 }), (list) => {
    const seats = list.map((one, n) => ({
      id: `c${n}`,
      group: one.group,
      standing: one.standing as "up" | "down" | "returning",
      topics: new Set(Array.from({ length: one.count }, (_, t) => `A.${n}_${t}`)),
    }));
    const loans = planLoans(seats, new Map());
    for (const home of seats) {
      const up = seats.filter((other) => other.standing === "up" && other.group === home.group).map((other) =>
        other.id
      );
      const lent = loans.get(home.id) ?? new Map();
      const expected = home.standing === "down" && up.length > 0 ? home.topics.size : 0;
      assertEquals(lent.size, expected);
      for (const carrier of lent.values()) assert(up.includes(carrier));
    }
    // A second look changes nothing.
    assertEquals(planLoans(seats, loans), loans);
  }));
});
