import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FeedEvent } from "../../../src/feed/event.ts";
import { toWire } from "../../../src/feed/wire_event.ts";
import type { Market } from "../../../src/feed/wire_fields.ts";
import { normaliseElement } from "../../../src/ingest/wire/normalise.ts";
import { parseFrame } from "../../../src/ingest/wire/parse_frame.ts";
import { WIRE_RULES } from "../../../src/ingest/wire/wire_rules.ts";
import { refusalReason } from "../../../src/ingest/wire/wire_schemas.ts";
import { A_MONDAY } from "../../support/event_factory.ts";
import { wireBar, wireTrade } from "../../support/wire_factory.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

function one(element: unknown, market: Market = "stocks") {
  const drops: string[] = [];
  const { events } = parseFrame(JSON.stringify([element]), market, A_MONDAY, (reason) => drops.push(reason));
  const event: Record<string, unknown> | undefined = events[0];
  return { event, drops };
}

test("every shape of stocks and crypto becomes its event", () => {
  assertEquals(one(wireBar({ ev: "AM" })).event, {
    type: "minute",
    sym: "AAPL",
    t: A_MONDAY,
    rx: A_MONDAY,
    end: A_MONDAY + 60_000,
    open: 296.3,
    high: 296.5,
    low: 296.2,
    close: 296.4,
    volume: 80,
    vwap: 296.32,
    dayVolume: 144673,
    dayVwap: 296.6776,
    avgSize: 80,
  });
  const xt = {
    ev: "XT",
    pair: "BTC-USD",
    p: 43575.6,
    t: 1706649628023,
    s: 4.522e-5,
    c: [2],
    i: "1b254a48",
    x: 23,
    r: 7,
  };
  assertEquals(one(xt, "crypto").event, {
    type: "trade",
    sym: "X:BTC-USD",
    t: 1706649628023,
    rx: A_MONDAY,
    price: 43575.6,
    size: 4.522e-5,
    tid: "1b254a48",
    conds: [2],
    x: 23,
    r: 7,
  });
  assertEquals(
    one({ ev: "FMV", sym: "X:BTC-USD", fmv: 1, t: 1706649628023 }, "crypto").event?.sym,
    "X:BTC-USD",
  );
  const { ev: _, sym: __, ...bar } = wireBar();
  assertEquals(one({ ...bar, ev: "XAS", pair: "BTC/USD" }, "crypto").event?.type, "second");
  assertEquals(one({ ...bar, ev: "XA", pair: "BTC-USD" }, "crypto").event?.type, "minute");
});

test("times of 13, 16 and 19 digits are exact to the ms, fair values to the ns", () => {
  const at = (digits: string) => {
    const { events } = parseFrame(`[{"ev":"FMV","sym":"A","fmv":1,"t":${digits}}]`, "stocks", 1, () => {});
    return events.map((event) => ({ t: event.t, ns: "ns" in event ? event.ns : undefined }));
  };
  assertEquals(at("1760646477151"), [{ t: 1760646477151, ns: undefined }]);
  assertEquals(at("1760646477151120"), [{ t: 1760646477151, ns: 120_000 }]);
  assertEquals(at("1760646477151999999"), [{ t: 1760646477151, ns: 999_999 }]);
  assertEquals(at("1760646477151000001"), [{ t: 1760646477151, ns: 1 }]);
  for (
    const bad of [
      "0",
      "-5",
      "1.5",
      "1e300",
      "17606464771511208430",
      '"1760646477151"',
      '"~1760646477151120843"x',
      "null",
    ]
  ) {
    assertEquals(at(bad), [], bad);
  }
});

const HOSTILE: [string, Record<string, unknown>, string][] = [
  ["a string where a number is due", wireBar({ z: "12" }), "bad A.z"],
  ["a negative price", wireTrade({ p: -1 }), "bad T.p"],
  ["a price of zero", wireBar({ o: 0 }), "bad A.o"],
  ["a price past every price", wireTrade({ p: 1e308 }), "bad T.p"],
  ["no price", wireTrade({ p: undefined }), "bad T.p"],
  ["a high under the low", wireBar({ h: 1 }), "bad A.h"],
  ["no symbol", wireTrade({ sym: undefined }), "bad T.sym"],
  ["a symbol that is none", wireTrade({ sym: 'A","x":"' }), "bad T.sym"],
  ["a negative size", wireTrade({ s: -1 }), "bad T.s"],
  ["conditions that are no numbers", wireTrade({ c: ["2"] }), "bad T.c"],
  ["no ev", wireTrade({ ev: undefined }), "no ev"],
  ["an ev nobody knows", wireTrade({ ev: "ZZ" }), "unknown ev ZZ"],
  ["an ev that is no name", wireTrade({ ev: "<script>" }), "unknown ev"],
  ["an ev of another market", wireTrade({ ev: "XT" }), "XT of another market"],
];
for (const [what, element, reason] of HOSTILE) {
  test(`an element with ${what} is dropped and told as "${reason}"`, () => {
    assertEquals(one(element), { event: undefined, drops: [reason] });
  });
}

test("odd but good elements are kept: fractional z, size 0, missing and null options, unknown fields", () => {
  assertEquals(one(wireBar({ z: 78.5 })).event?.avgSize, 78.5);
  assertEquals(one(wireTrade({ s: 0, ds: "0.740474" })).event?.ds, "0.740474");
  const bare = one({ ev: "T", sym: "BRK.B", p: 1, t: A_MONDAY, c: null }).event;
  assertEquals(bare, { type: "trade", sym: "BRK.B", t: A_MONDAY, rx: A_MONDAY, price: 1 });
  assertEquals(one(wireTrade({ tomorrow: { a: [1] } })).event?.tomorrow, { a: [1] });
  assertEquals(one(wireTrade({ i: 143541 })).event?.tid, "143541");
});

test("an unmapped field can't pass for one of ours", () => {
  for (const name of ["id", "type", "rx", "price", "tid", "rev", "synthetic"]) {
    const { event, drops } = one(wireTrade({ [name]: "forged" }));
    assertEquals(drops, [`field ${name} is ours`]);
    assert(event && event[name] !== "forged");
  }
  const { events } = parseFrame(
    `[{"ev":"T","sym":"A","p":1,"t":${A_MONDAY},"__proto__":{"price":9}}]`,
    "stocks",
    1,
    () => {},
  );
  assertEquals(Object.getPrototypeOf(events[0]), Object.prototype);
});

test("a field nested too deep to be written again is left out, and costs nothing else", () => {
  const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
  const text = `[{"ev":"T","sym":"A","p":1,"t":${A_MONDAY},"deep":${deep},"flat":{"a":[{"b":1}]}}]`;
  const drops: string[] = [];
  const { events } = parseFrame(text, "stocks", 1, (reason) => drops.push(reason));
  assertEquals(drops, ["field nested too deep"]);
  assertEquals(JSON.parse(JSON.stringify(events[0])).flat, { a: [{ b: 1 }] });
});

test("equal content gives equal text, however the wire ordered it", () => {
  const entries = Object.entries(wireTrade({ trfi: 202, trft: A_MONDAY, ds: "40.0" }));
  const texts = [entries, entries.toReversed()].map((order) =>
    JSON.stringify(one(Object.fromEntries(order)).event)
  );
  assertEquals(texts[0], texts[1]);
});

const anyValue = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(0, -1, 1e308, 1e12, 1e12 + 1, 1e18, A_MONDAY, 1760646477151120, null, undefined, true),
  fc.string(),
  fc.constantFrom("AAPL", "BTC-USD", "~1760646477151120843", "12"),
  fc.array(fc.oneof(fc.integer(), fc.string()), { maxLength: 3 }),
);

test("the quick checks and the schema agree on every element", () => {
  const shapes = Object.values(WIRE_RULES).flatMap((rules) => [...rules.values()]);
  fc.assert(
    fc.property(
      fc.constantFrom(...shapes),
      fc.func(anyValue),
      fc.array(fc.nat(20), { maxLength: 2 }),
      (rules, valueOf, spoilt) => {
        const names = [
          rules.shape.symbolField,
          rules.shape.timeField,
          ...rules.fields.map((field) => field.wire),
        ];
        const good: Record<string, unknown> = rules.windowMs === undefined
          ? { ...wireTrade(), fmv: 1, pair: "BTC-USD" }
          : { ...wireBar(), pair: "BTC-USD" };
        for (const n of spoilt) {
          const name = names[n % names.length];
          if (name !== undefined) good[name] = valueOf(name);
        }
        const element = { ...good, ev: rules.shape.ev };
        const accepted = normaliseElement(element, rules.market, A_MONDAY, () => {}) !== undefined;
        assertEquals(accepted, refusalReason(rules, element) === undefined);
      },
    ),
    { numRuns: 2000 },
  );
});

const price = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
const extras = fc.dictionary(
  fc.constantFrom("pt", "ds", "dv", "trfi", "otc", "zz9", "ns", "lost"),
  fc.oneof(fc.integer(), fc.string(), fc.boolean()),
);
const wireText = (market: Market, text: string): [Market, string] => [market, text];
const roundTrips: fc.Arbitrary<[Market, string]> = fc.oneof(
  fc.record({ p: price, s: fc.nat(), i: fc.oneof(fc.string(), fc.nat()), x: fc.nat(), extras }).map((r) =>
    wireText("stocks", JSON.stringify({ ...r.extras, ...wireTrade({ p: r.p, s: r.s, i: r.i, x: r.x }) }))
  ),
  fc.record({ v: price, z: price, extras }).map((r) =>
    wireText("stocks", JSON.stringify({ ...r.extras, ...wireBar({ ev: "AM", v: r.v, z: r.z }) }))
  ),
  fc.record({ p: price, c: fc.array(fc.nat()) }).map((r) =>
    wireText("crypto", JSON.stringify({ ev: "XT", pair: "BTC-USD", t: A_MONDAY, ...r }))
  ),
  fc.record({ fmv: price, ns: fc.integer({ min: 0, max: 999_999 }) }).map((r) =>
    wireText(
      "stocks",
      `{"ev":"FMV","fmv":${JSON.stringify(r.fmv)},"sym":"A","t":${A_MONDAY}${String(r.ns).padStart(6, "0")}}`,
    )
  ),
);
/** Equal JSON values, long digits told apart. */
const exact = (text: string) => JSON.parse(text.replace(/:(\d{16,})/g, ':"$1"'));

test("an event written back is the element it came from", () => {
  fc.assert(
    fc.property(roundTrips, ([market, text]) => {
      const drops: string[] = [];
      const { events } = parseFrame(`[${text}]`, market, A_MONDAY, (reason) => drops.push(reason));
      const event = events[0];
      assert(event, drops.join());
      assert(FeedEvent.safeParse(event).success);
      assertEquals(exact(toWire(event, market) ?? ""), exact(text));
    }),
    { numRuns: 500 },
  );
});
