import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { FeedEvent } from "../../src/feed/event.ts";
import { encodeEvent, isObjectInOneLine, peekElement, stampBody } from "../../src/feed/event_text.ts";
import { aFairValue, aGap, aHeatmap, aMinute, aSecond, aSignal, aTrade } from "../support/event_factory.ts";

const everyKind = [aTrade(), aSecond(), aMinute(), aFairValue(), aSignal(), aHeatmap(), aGap()];
const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

for (const event of everyKind) {
  pure(`a ${event.type} built by its factory is valid, and what is read off its text is what it says`, () => {
    assertEquals(FeedEvent.parse(event), event);
    const body = encodeEvent(event);
    const element = stampBody("k3f9a0b1-1042", body.text);
    assertEquals(JSON.parse(element), { id: "k3f9a0b1-1042", ...event });
    const sym = event.type === "gap" ? "" : event.sym;
    assertEquals(peekElement(element), { id: "k3f9a0b1-1042", type: event.type, sym, t: event.t });
    assertEquals(body.lastField, event.type === "gap" ? undefined : `${event.type}:${sym}`);
  });
}

pure("a text somebody else wrote into the list is not taken for an element", () => {
  for (
    const text of [
      "",
      "{}",
      "hello",
      '{"id":"k3f9a0b1-1"}',
      '{"id":"x","sym":"A","type":"trade"}',
      '{"id":"x","type":"trade","sym":"A"}',
      '[{"id":"x","type":"trade","sym":"A","t":1}]',
    ]
  ) {
    assertStrictEquals(peekElement(text), undefined);
  }
  fc.assert(fc.property(fc.string(), (text) => void peekElement(text)));
});

pure("an id a body came with is not kept: the list mints ids", () => {
  assertEquals(encodeEvent({ ...aTrade(), id: "old-1" }).text.includes("old-1"), false);
});

Deno.test({
  name: "an element fit for a frame is one JSON object in one line, whatever else stands in a list",
  permissions: "none",
  fn() {
    for (const fit of ['{"id":"k-1"}', "{}", ' {"a":"\\n"} ']) {
      assertEquals([fit, isObjectInOneLine(fit)], [fit, true]);
    }
    const unfit = [
      "",
      "junk",
      "1",
      "null",
      "[]",
      '[{"id":"k-1"}]',
      '{"a":1',
      '{"a":1}{"b":2}',
      '{"a":\n1}',
      '{"a":1}\r',
      "{}\n",
    ];
    for (const text of unfit) assertEquals([text, isObjectInOneLine(text)], [text, false]);
  },
});
