import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FeedEvent } from "../../../src/feed/event.ts";
import { parseFrame } from "../../../src/ingest/wire/parse_frame.ts";
import { splitElements } from "../../../src/ingest/wire/split_elements.ts";
import { A_MONDAY } from "../../support/event_factory.ts";
import { wireBar, wireFairValue, wireTrade } from "../../support/wire_factory.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

function parse(text: string) {
  const drops: string[] = [];
  const { events, statuses } = parseFrame(text, "stocks", A_MONDAY, (reason) => drops.push(reason));
  return { syms: events.map((event) => event.type === "gap" ? "" : event.sym), statuses, drops };
}
const trade = (sym: string) => JSON.stringify(wireTrade({ sym }));

test("a bare object passes for an array of one", () => {
  assertEquals(parse(trade("A")), { syms: ["A"], statuses: [], drops: [] });
});

test("a bare status object passes for an array of one, an object of no kind is dropped", () => {
  const { statuses, drops } = parse('{"ev":"status","status":"success","message":"subscribed to: T.A"}');
  assertEquals([statuses.map(({ status }) => status), drops], [["success"], []]);
  assertEquals(parse('{"status":"success"}').drops.length, 1);
});

test("statuses share a frame with data, two acks for one", () => {
  const ack = `{"ev":"status","status":"success","message":"subscribed to: T.A"}`;
  const { syms, statuses } = parse(
    `[${ack},${trade("A")},${ack},{"ev":"status","status":"max_connections"}]`,
  );
  assertEquals(syms, ["A"]);
  assertEquals(statuses.map(({ status }) => status), ["success", "success", "max_connections"]);
  assertEquals(statuses[2]?.message, "");
  assertEquals(parse(`[{"ev":"status","status":7}]`).drops, ["bad status"]);
});

test("a frame of 100 000 elements is taken whole, a bad one among them costing itself", () => {
  const many = Array.from({ length: 100_000 }, (_, n) => n === 50_000 ? `{"ev":"T"}` : trade("A"));
  const { syms, drops } = parse(`[${many.join(",")}]`);
  assertEquals([syms.length, drops.length], [99_999, 1]);
});

test("a truncated frame gives the elements that are whole", () => {
  const frame = `[${trade("A")},${trade("B")},${trade("C")}]`;
  assertEquals(parse(frame.slice(0, -20)), { syms: ["A", "B"], statuses: [], drops: ["frame is no JSON"] });
});

test("one element that is no JSON costs itself", () => {
  const frame = `[${trade("A")},{"ev":"T","sym":"B","p":NaN,"t":1},${trade("C")}]`;
  assertEquals(parse(frame), { syms: ["A", "C"], statuses: [], drops: ["element is no JSON"] });
});

test("what is no frame at all is one drop", () => {
  for (const text of ["", "hello", "[", '"', "\u0000"]) {
    assertEquals(parse(text).drops, ["frame is no JSON"], text);
  }
  for (const text of ["[1]", "[null]", "[[]]", "7", '"text"', "null"]) {
    assertEquals(parse(text).drops, ["element is no object"], text);
  }
});

test("long times are read in the elements of a broken frame too", () => {
  const { events } = parseFrame(`[${wireFairValue()},{]`, "stocks", 1, () => {});
  assertEquals(events.map((event) => [event.t, "ns" in event && event.ns]), [[A_MONDAY, 120843]]);
});

test("a string that holds braces, quotes and times is only a string", () => {
  const odd = wireTrade({ ds: '{"t":1760646477151120843,[}\\"' });
  const { events } = parseFrame(`[${JSON.stringify(odd)}]`, "stocks", 1, () => {});
  assertEquals(events.map((event) => "ds" in event && event.ds), [odd.ds]);
  assertEquals(splitElements(`[${JSON.stringify(odd)},${JSON.stringify(odd)}]`).elements.length, 2);
});

test("no text throws, and what comes out are valid events", () => {
  const pieces = fc.constantFrom(
    trade("A"),
    JSON.stringify(wireBar()),
    wireFairValue(),
    "[",
    "]",
    "{",
    "}",
    ",",
    '"',
    "\\",
    '"t":',
    "1760646477151120843",
    "null",
    "-",
    "1e999",
    '{"ev":"T"}',
    '{"ev":"status"}',
    '"__proto__":',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 12 }), (parts) => {
      const { events } = parseFrame(parts.join(""), "stocks", A_MONDAY, () => {});
      for (const event of events) assert(FeedEvent.safeParse(event).success, JSON.stringify(event));
    }),
    { numRuns: 2000 },
  );
});

test("a good frame with one character changed loses at most what the change touches", () => {
  const frame = `[${["A", "B", "C"].map(trade).join(",")}]`;
  fc.assert(
    fc.property(fc.nat(frame.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, char) => {
      const { events } = parseFrame(
        frame.slice(0, at) + char + frame.slice(at + 1),
        "stocks",
        A_MONDAY,
        () => {},
      );
      for (const event of events) assert(FeedEvent.safeParse(event).success);
    }),
    { numRuns: 1000 },
  );
});
