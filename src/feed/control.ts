/**
 * Commands an operator sends to the leading ingest through `tickcast:control`, and what it answers. The routes of the edge
 * write them; ingest reads them with these schemas, so a malformed one is refused and changes nothing.
 */
import { z } from "zod";
import { FREQUENCIES } from "./stream.ts";

const Name = z.string().min(1).max(64);
const Tickers = z.array(z.string().min(1).max(32)).min(1).max(10_000);

/** What can be asked. */
export const ControlCommand = z.discriminatedUnion("do", [
  z.strictObject({
    do: z.literal("add_connection"),
    name: Name,
    market: Name.optional(),
    frequencies: z.array(z.enum(FREQUENCIES)).optional(),
    tickers: Tickers.optional(),
    universe: Name.optional(),
  }),
  z.strictObject({ do: z.literal("remove_connection"), connection: Name }),
  z.strictObject({
    do: z.literal("subscribe"),
    tickers: Tickers,
    frequency: z.enum(FREQUENCIES),
    connection: Name.optional(),
  }),
  z.strictObject({
    do: z.literal("unsubscribe"),
    tickers: Tickers,
    frequency: z.enum(FREQUENCIES),
    connection: Name.optional(),
  }),
  z.strictObject({ do: z.literal("lookup"), ticker: Name }),
  z.strictObject({ do: z.literal("tickers"), connection: Name }),
  z.strictObject({ do: z.literal("rebalance") }),
  z.strictObject({ do: z.literal("start_stream"), stream: Name }),
  z.strictObject({ do: z.literal("stop_stream"), stream: Name }),
  z.strictObject({ do: z.literal("reload") }),
]);
export type ControlCommand = z.infer<typeof ControlCommand>;

/** A command with the id its answer is kept under (`tickcast:control:<id>`). */
export const ControlEnvelope = z.strictObject({
  id: z.string().min(1).max(64),
  at: z.number(),
  command: ControlCommand,
});
export type ControlEnvelope = z.infer<typeof ControlEnvelope>;

/** Done, with what the command gives back; or refused with the reason, nothing changed. */
export const ControlAnswer = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), result: z.record(z.string(), z.unknown()) }),
  z.object({ ok: z.literal(false), code: z.string(), message: z.string() }),
]);
export type ControlAnswer = z.infer<typeof ControlAnswer>;
