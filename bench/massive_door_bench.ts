/**
 * The Massive-compatible door: a frame of ours written in Massive's shape. Once per frame and market, whatever the
 * number of programs; shared messages cost a look-up. No budget of its own: at 100 events a frame it must stay well
 * above the 50 k events/s that ingest appends.
 */
import { WireFrames } from "../src/edge/massive/massive_frame.ts";
import { encodeEvent, stampBody } from "../src/feed/event_text.ts";
import { aSecond, aTrade } from "../tests/support/event_factory.ts";

const EVENTS = 100;
const body = `[${
  Array.from({ length: EVENTS }, (_, n) => n % 2 ? aTrade({ tid: String(n) }) : aSecond({ sym: `S${n}` }))
    .map((event, n) => stampBody(`k3f9a0b1-${n + 1}`, encodeEvent(event).text)).join(",")
}]`;
const frames = new WireFrames("stocks");
const known = { body };
const all = () => true;

Deno.bench(`a new frame of ${EVENTS} events`, () => {
  frames.message({ body }, "second,trade", all);
});

Deno.bench(`a frame of ${EVENTS} events that another program got already`, () => {
  frames.message(known, "second,trade", all);
});

Deno.bench(`a frame of ${EVENTS} events filtered for one program`, () => {
  frames.message(known, undefined, (type, sym) => type === "trade" && sym === "AAPL");
});
