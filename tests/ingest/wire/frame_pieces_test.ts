import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { framePieces, PIECE_CHARS } from "../../../src/ingest/wire/frame_pieces.ts";
import { parseFrame } from "../../../src/ingest/wire/parse_frame.ts";
import { frameOf, wireBar, wireFairValue, wireTrade } from "../../support/wire_factory.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** What reading some texts comes to, one after the other. */
function read(texts: Iterable<string>) {
  const drops: string[] = [];
  const parts = [...texts].map((text) => parseFrame(text, "stocks", 1, (reason) => drops.push(reason)));
  return {
    events: parts.flatMap(({ events }) => events),
    statuses: parts.flatMap(({ statuses }) => statuses),
    drops: drops.sort(),
  };
}

const bars = (count: number) => Array.from({ length: count }, (_, n) => wireBar({ ev: "AM", sym: `S${n}` }));

test("a small frame is left as it is", () => {
  const { text } = frameOf([wireTrade()]);
  assertEquals([...framePieces(text)], [text]);
});

test("a minute's bars of 8 000 symbols are read in pieces of a few hundred at most, none lost and none moved", () => {
  const { text } = frameOf(bars(8000));
  const pieces = [...framePieces(text)];
  assert(Math.max(...pieces.map((piece) => piece.length)) < 3 * PIECE_CHARS);
  assertEquals(read(pieces), read([text]));
});

test("elements with arrays of objects in them keep a frame whole from there on", () => {
  const nested = wireTrade({ odd: [1, { a: 1 }, { ev: "T", sym: "B" }] });
  const { text } = frameOf([...bars(200), ...Array.from({ length: 500 }, () => nested)]);
  const pieces = [...framePieces(text)];
  assert(pieces.length > 1);
  assertEquals(read(pieces), read([text]));
});

test("whatever a frame holds, its pieces read as the whole does", () => {
  const odd = fc.constantFrom<Record<string, unknown> | string>(
    wireTrade({ note: '},{"ev":"T"' }),
    wireTrade({ odd: [{ a: 1 }, { ev: "T" }] }),
    wireTrade({ odd: { list: [{ ev: 1 }, { ev: "T" }] } }),
    wireTrade({ odd: [[{ x: 1 }], { ev: "T" }] }),
    wireTrade({ odd: "[{" }),
    wireFairValue("A"),
    ' {"ev" : "T" , "sym":"A"} ',
    '{"ev":"status","status":"success","message":"subscribed to: T.A"}',
    "7",
    '{"sym":"A","ev":"T"}',
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(150), odd), { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      (runs, truncated) => {
        const elements = runs.flatMap(([count, one]) => [...bars(count), one]);
        const { text } = frameOf(elements);
        const frame = truncated ? text.slice(0, -1) : text;
        const [pieces, whole] = [read(framePieces(frame)), read([frame])];
        assertEquals([pieces.events, pieces.statuses], [whole.events, whole.statuses]);
        // Of a broken frame only the pieces that are broken are told as such.
        if (!truncated) assertEquals(pieces.drops, whole.drops);
      },
    ),
    { numRuns: 60 },
  );
});
