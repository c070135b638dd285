import { assertEquals } from "@std/assert";
import { A_MONDAY, aSecond, aTrade } from "../../support/event_factory.ts";
import { keysOf, ofKind, signalsOf, tradesAt } from "../collect.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const KINDS = ["session_high", "session_low"] as const;
const said = (events: Parameters<typeof signalsOf>[0]) =>
  ofKind(signalsOf(events), ...KINDS).map((signal) => `${signal.kind} ${signal.price}`);

pure(
  "a print above all before it is a session high, one below all a session low, an equal one neither",
  () => {
    assertEquals(
      said(tradesAt([[0, 100], [1, 100], [2, 100.01], [3, 100.01], [4, 99.99], [5, 100], [6, 99.98]])),
      [
        "session_high 100.01",
        "session_low 99.99",
        "session_low 99.98",
      ],
    );
  },
);

pure("a session's first print is no extreme, and each phase of the day is a session", () => {
  const at = (text: string, price: number) => aTrade({ t: Date.parse(`2026-03-02T${text}Z`), price });
  const events = [at("14:29:58", 100), at("14:29:59", 101), at("14:30:00", 99), at("14:30:01", 100.5)];
  const signals = ofKind(signalsOf(events), ...KINDS);
  assertEquals(signals.map(({ session, price }) => [session, price]), [["pre", 101], ["regular", 100.5]]);
  assertEquals(signals[1]?.key, "session_high|AAPL|2026-03-02|regular|100.5");
});

pure(
  "prints while the market is closed are a session of their own, before trading another than after",
  () => {
    const at = (text: string, price: number) => aTrade({ t: Date.parse(text), price });
    const prices = [[100, "08:00"], [101, "08:30"], [99, "08:59:59"]] as const;
    const early = prices.map(([price, time]) => at(`2026-03-02T${time}Z`, price));
    const late = [at("2026-03-03T01:30Z", 100), at("2026-03-03T02:00Z", 101)];
    const from = (text: string) => Date.parse(text);
    assertEquals(keysOf(signalsOf([...early, ...late]), ...KINDS), [
      `session_high|AAPL|2026-03-02|closed@${from("2026-03-02T05:00Z")}|101`,
      `session_low|AAPL|2026-03-02|closed@${from("2026-03-02T05:00Z")}|99`,
      `session_high|AAPL|2026-03-02|closed@${from("2026-03-03T01:00Z")}|101`,
    ]);
    const saturday = [1, 2].map((price, n) => aTrade({ t: from("2026-03-07T16:00Z") + n, price }));
    assertEquals(ofKind(signalsOf(saturday), ...KINDS).map(({ session, day }) => [session, day]), [[
      "closed",
      "2026-03-07",
    ]]);
  },
);

pure("crypto's session is the UTC day, holidays and nights too", () => {
  const at = (text: string, price: number) => aTrade({ sym: "X:BTC-USD", t: Date.parse(text), price });
  const events = [
    at("2026-12-25T23:59:00Z", 60_000),
    at("2026-12-25T23:59:59Z", 60_001),
    at("2026-12-26T00:00:00Z", 60_002),
    at("2026-12-26T00:00:01Z", 60_003),
  ];
  assertEquals(keysOf(signalsOf(events), "session_high"), [
    "session_high|X:BTC-USD|2026-12-25|regular|60001",
    "session_high|X:BTC-USD|2026-12-26|regular|60003",
  ]);
});

pure("a print that may not set a high or low by the tape's rules sets none", () => {
  const print = (price: number, conds: number[]) => aTrade({ t: A_MONDAY + 1000, price, conds });
  const [base] = tradesAt([[0, 100]]);
  if (base === undefined) throw new Error("no trade");
  for (const condition of [2, 7, 12, 13, 15, 16, 20, 21, 52, 53]) {
    assertEquals(said([base, print(101, [condition])]), [], `condition ${condition}`);
  }
  for (const conditions of [[], [14, 41], [37]]) {
    assertEquals(said([base, print(101, conditions)]), ["session_high 101"]);
  }
  const early = Date.parse("2026-03-02T13:00Z");
  const formT = [100, 101].map((price, n) => aTrade({ t: early + n, price, conds: [12] }));
  assertEquals(said(formT), ["session_high 101"]);
});

pure("a late print of the session before goes to its own session, whose high it may still be", () => {
  const at = (text: string, price: number) => aTrade({ t: Date.parse(`2026-03-02T${text}Z`), price });
  const signals = signalsOf([
    at("20:59:58", 100),
    at("21:00:01", 105),
    at("20:59:59", 101),
    at("21:00:02", 105),
    at("20:59:59", 100.5),
  ]);
  assertEquals(keysOf(signals, ...KINDS), ["session_high|AAPL|2026-03-02|regular|101"]);
});

pure("a time in the future neither wipes the session nor stops it", () => {
  const [first, second, third] = tradesAt([[0, 100], [2, 101], [3, 100.5]]);
  const stray = aTrade({ t: A_MONDAY + 400 * 86_400_000, price: 50 });
  const after = aTrade({ t: Date.parse("2026-03-02T21:00:01Z"), price: 100 });
  const higher = { ...after, t: after.t + 1, price: 102 };
  const events = [first, stray, second, third, after, higher].filter((event) => event !== undefined);
  assertEquals(said(events), ["session_high 101", "session_high 102"]);
});

pure("a second bar speaks by its high and low where no trades flow, and is silent where they told it", () => {
  const bar = (seconds: number, low: number, high: number) =>
    aSecond({ t: A_MONDAY + seconds * 1000, open: low, low, high, close: high });
  assertEquals(said([bar(0, 100, 101), bar(1, 99, 102)]), ["session_high 102", "session_low 99"]);
  assertEquals(said([...tradesAt([[0.2, 100], [1.5, 100.5]]), bar(0, 90, 110), bar(1, 90, 110)]), [
    "session_high 100.5",
  ]);
  assertEquals(said([bar(0, 100, 101), bar(1, 100, 101), { ...bar(0, 99, 101), rev: 1 }]), [
    "session_low 99",
  ]);
});

pure("with a step set only extremes so far beyond the last announced are announced", () => {
  const rows = [100, 100.5, 101, 101.5, 102.1, 99.5, 98.9].map((price, n) => [n, price] as const);
  const thresholds = new Map([["session_step_percent", 1]]);
  const signals = ofKind(signalsOf(tradesAt(rows), { thresholds }), ...KINDS);
  assertEquals(signals.map(({ kind, price, previous }) => `${kind} ${price} ${previous}`), [
    "session_high 101 100.5",
    "session_high 102.1 101.5",
    "session_low 98.9 99.5",
  ]);
});
