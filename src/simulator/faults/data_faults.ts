/** Data that is wrong, odd, out of order or said twice. */
import { z } from "zod";
import { MARKETS } from "../../feed/wire_fields.ts";
import type { OutboundEvent } from "../hub.ts";
import { FMV_UNITS } from "../protocol/behaviour.ts";
import { brokenCopies, corrected, MALFORMED_FRAMES, UNKNOWN_EVENTS } from "./bad_texts.ts";
import { DurationMs, type Fault, fault, needGenerator, onConnections, whereParams } from "./fault.ts";

const Count = z.number().int().min(1).max(256).default(1);

/** See the module. */
export const dataFaults: readonly Fault[] = [
  fault({
    numbers: [16],
    name: "correct_bars",
    summary:
      "The last bars sent come again with newer values, oldest first: out of order against what followed.",
    params: { count: Count, prefix: z.enum(["A", "AM", "XAS", "XA"]).default("A") },
    run: ({ hub }, { count, prefix }) => {
      const events = hub.recent(prefix).slice(-count).map(corrected);
      hub.publish(events);
      return { events: events.length };
    },
  }),
  fault({
    numbers: [16],
    name: "repeat_events",
    summary: "The last events of a type come again, word for word.",
    params: { count: Count, prefix: z.string().default("T") },
    run: ({ hub }, { count, prefix }) => {
      const events = hub.recent(prefix).slice(-count);
      hub.publish(events);
      return { events: events.length };
    },
  }),
  fault({
    numbers: [26, 16],
    name: "late_prints",
    summary:
      "Off-exchange trades of now reported later (t and q out of order, trft far behind pt), with the bars they change.",
    params: { count: Count, delay_ms: DurationMs.max(900_000).default(3000), symbol: z.string().optional() },
    run: (world, { count, delay_ms, symbol }) => {
      needGenerator(world).plantLate(count, delay_ms, symbol);
      return { events: count };
    },
  }),
  fault({
    numbers: [19],
    name: "malformed",
    summary: "Frames that are no JSON array of events: cut short, empty, not JSON; or the given text.",
    params: { ...whereParams, text: z.string().max(1_000_000).optional() },
    run: (world, { text, ...where }) =>
      onConnections(world, where, (connection) => {
        for (const frame of text === undefined ? MALFORMED_FRAMES : [text]) connection.sendRaw(frame);
      }),
  }),
  fault({
    numbers: [20],
    name: "bad_element",
    summary:
      "Frames of good trades with a bad element among them: a text for a number, a field missing, a null.",
    params: { market: z.enum(MARKETS).default("stocks"), symbol: z.string().optional() },
    run: (world, { market, symbol }) => {
      const [first, second] = needGenerator(world).extraTrades(market, 2, symbol);
      if (!first || !second) return { events: 0 };
      const bad: readonly OutboundEvent[] = brokenCopies(first);
      // One symbol for all three, so that whoever gets one of them gets the frame whole.
      world.hub.publish([first, ...bad, { ...second, symbol: first.symbol }]);
      return { events: 2 + bad.length };
    },
  }),
  fault({
    numbers: [21],
    name: "unknown_event",
    summary: "Elements of a type nobody knows, without a type, and with keys nobody knows.",
    params: whereParams,
    run: (world, where) =>
      onConnections(world, where, (connection) => connection.sendRaw(`[${UNKNOWN_EVENTS.join(",")}]`)),
  }),
  fault({
    numbers: [22],
    name: "bare_object",
    summary: "A trade as an object of its own instead of in an array.",
    params: { ...whereParams, symbol: z.string().optional() },
    run: (world, { symbol, ...where }) => {
      const market = where.market === "crypto" ? "crypto" : "stocks";
      const [event] = needGenerator(world).extraTrades(market, 1, symbol);
      return onConnections(world, { ...where, market }, (connection) => {
        if (event) connection.sendRaw(event.text);
      });
    },
  }),
  fault({
    numbers: [23],
    name: "fmv_unit",
    summary: "Fair values' times in ns (19 digits, as live), µs or ms.",
    params: { unit: z.enum(FMV_UNITS) },
    run: ({ behaviour }, { unit }) => {
      behaviour.fmvUnit = unit;
    },
  }),
  fault({
    numbers: [24],
    name: "omit_optionals",
    summary: "Optional fields are left out: op, c, i of crypto, pt, ds, dv, dav, trfi, trft.",
    params: { on: z.boolean().default(true) },
    run: ({ behaviour }, { on }) => {
      behaviour.omitOptionals = on;
    },
  }),
  fault({
    numbers: [25],
    name: "exponent_sizes",
    summary: "Crypto sizes in exponent form always; ids are numbers or UUIDs by exchange anyhow.",
    params: { on: z.boolean().default(true) },
    run: ({ behaviour }, { on }) => {
      behaviour.exponentSizes = on;
    },
  }),
];
