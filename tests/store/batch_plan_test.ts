import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { encodeEvent } from "../../src/feed/event_text.ts";
import { BATCH_MAX_BYTES, checkBatch, lastCandidates } from "../../src/store/batch_plan.ts";
import { aGap, aMinute, aTrade } from "../support/event_factory.ts";
import { aRequest, trades } from "./appending.ts";

const pure = (name: string, fn: () => void) =>
  Deno.test({ name: `batch plan: ${name}`, permissions: "none", fn });

pure("a batch of exactly half the cap passes, one more doesn't", () => {
  checkBatch(aRequest({ capEvents: 21, bodies: trades(10) }));
  assertThrows(() => checkBatch(aRequest({ capEvents: 21, bodies: trades(11) })), RangeError, "1 to 10");
});

pure("bytes are counted in UTF-8, to the byte", () => {
  const bodyOf = (note: string) => encodeEvent(aMinute({ note }));
  const frame = new TextEncoder().encode(bodyOf("").text).byteLength;
  for (const letter of ["x", "é", "漢"]) {
    const size = new TextEncoder().encode(letter).byteLength;
    const most = Math.floor((BATCH_MAX_BYTES - frame) / size);
    checkBatch(aRequest({ bodies: [bodyOf(letter.repeat(most))] }));
    assertThrows(
      () => checkBatch(aRequest({ bodies: [bodyOf(letter.repeat(most + 1))] })),
      RangeError,
      "bytes",
    );
  }
});

pure("a refusal names the list and the number, not the events", () => {
  const bodies = [encodeEvent(aTrade({ tid: "SECRET" })), ...trades(500)];
  const error = assertThrows(() => checkBatch(aRequest({ bodies })), RangeError, "tick");
  assertEquals(String(error).includes("SECRET"), false);
});

pure(
  "candidates for latest are, per type and symbol, the greatest time, the later of equals; gaps none",
  () => {
    const event = fc.record({
      sym: fc.constantFrom("A", "B"),
      t: fc.integer({ min: 0, max: 5 }),
      gap: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const bodies = events.map(({ sym, t, gap }) => encodeEvent(gap ? aGap({ t }) : aTrade({ sym, t })));
        const expected = new Map<string, number>();
        for (const [n, { sym, t, gap }] of events.entries()) {
          const best = expected.get(`trade:${sym}`);
          if (!gap && (best === undefined || t >= (events[best]?.t ?? 0))) expected.set(`trade:${sym}`, n);
        }
        const found = new Map(lastCandidates(bodies).map(({ field, index }) => [field, index]));
        assertEquals(found, expected);
      }),
      { seed: 7 },
    );
  },
);
