/** What clients may say on a WebSocket: read with bounds on everything, so that no message can throw or grow memory. */
import { z } from "zod";
import { CURSOR_MAX_CHARS } from "../../feed/cursor.ts";
import { TickcastError } from "../../feed/error.ts";
import { SYMBOL_MAX_CHARS } from "../../feed/symbol.ts";
import { MAX_HZ_MAX, MAX_HZ_MIN } from "../follow/flush_interval.ts";
import { FIELDS_MAX, isFieldName } from "../follow/projection.ts";

/** Longest message taken from a client, in characters. */
export const MESSAGE_MAX_CHARS = 16 * 1024;
/** Most symbols one message, and one subscription, may name. */
export const SYMBOLS_MAX = 2000;
/** Most streams one message may name. */
const STREAMS_MAX = 32;
/** Longest token, in characters. */
const TOKEN_MAX_CHARS = 8192;
/** Deepest nesting taken: nothing we understand has more than two levels. */
const DEPTH_MAX = 8;

const Id = z.union([z.string().max(64), z.number().finite()]);
const StreamName = z.string().min(1).max(64);
/** One character over, so that the pattern's own refusal, which names the rule, is what a client sees. */
const Symbols = z.array(z.string().max(SYMBOL_MAX_CHARS * 8));
const MaxHz = z.number().min(MAX_HZ_MIN).max(MAX_HZ_MAX);
const Fields = z.array(z.string().refine(isFieldName)).min(1).max(FIELDS_MAX);

const Subscribe = z.object({
  action: z.literal("subscribe"),
  id: Id.optional(),
  streams: z.array(StreamName).min(1).max(STREAMS_MAX).optional(),
  symbols: Symbols.optional(),
  cursor: z.string().optional(),
  mode: z.enum(["all", "latest"]).optional(),
  /** Null takes the limit away again. */
  max_hz: MaxHz.nullable().optional(),
  /** Null: all of them again. */
  fields: Fields.nullable().optional(),
  snapshot: z.boolean().optional(),
});

const Unsubscribe = z.object({
  action: z.literal("unsubscribe"),
  id: Id.optional(),
  streams: z.array(StreamName).min(1).max(STREAMS_MAX).optional(),
  symbols: Symbols.optional(),
});

const Ping = z.object({
  action: z.literal("ping"),
  id: Id.optional(),
  cursor: z.string().max(CURSOR_MAX_CHARS).optional(),
});

const Auth = z.object({
  action: z.literal("auth"),
  id: Id.optional(),
  token: z.string().min(1).max(TOKEN_MAX_CHARS),
});

/** What a client may say, by its action. */
export const COMMAND_SCHEMAS = { subscribe: Subscribe, unsubscribe: Unsubscribe, ping: Ping, auth: Auth };

const Command = z.discriminatedUnion("action", [Subscribe, Unsubscribe, Ping, Auth]);

/** One message of a client. */
export type ClientCommand = z.infer<typeof Command>;
export type SubscribeCommand = z.infer<typeof Subscribe>;
export type UnsubscribeCommand = z.infer<typeof Unsubscribe>;
/** What a client calls its request, given back with the answer. */
export type RequestId = z.infer<typeof Id>;

/** A command, or why it is none, with the id the client gave if that much could be read. */
export type ReadCommand =
  | { readonly ok: true; readonly command: ClientCommand }
  | { readonly ok: false; readonly error: TickcastError; readonly id: RequestId | undefined };

/** Reads one text message. Never throws. */
export function readCommand(text: string): ReadCommand {
  if (text.length > MESSAGE_MAX_CHARS) {
    return refused(
      "TOO_LARGE",
      `Cannot take a message as it must be at most ${MESSAGE_MAX_CHARS} characters: current length is ${text.length}`,
    );
  }
  if (depthOf(text) > DEPTH_MAX) {
    return refused("BAD_JSON", "Cannot take a message as it is nested too deeply");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused("BAD_JSON", "Cannot take a message as it must be JSON");
  }
  return commandOf(value);
}

function commandOf(value: unknown): ReadCommand {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refused("BAD_REQUEST", "Cannot take a message as it must be a JSON object with an action");
  }
  const id = Id.safeParse(Object.getOwnPropertyDescriptor(value, "id")?.value).data;
  const symbols: unknown = Object.getOwnPropertyDescriptor(value, "symbols")?.value;
  if (Array.isArray(symbols) && symbols.length > SYMBOLS_MAX) {
    return refused(
      "TOO_MANY_SYMBOLS",
      `Cannot take a message as it must name at most ${SYMBOLS_MAX} symbols: current number is ${symbols.length}`,
      id,
    );
  }
  const parsed = Command.safeParse(value);
  if (parsed.success) return { ok: true, command: parsed.data };
  const issue = parsed.error.issues[0];
  if (issue?.path[0] === "action") {
    return refused(
      "UNKNOWN_ACTION",
      "Cannot take a message as its action must be subscribe, unsubscribe, ping or auth",
      id,
    );
  }
  if (issue?.path[0] === "symbols" && issue.path.length > 1) {
    return refused("BAD_SYMBOL", "Cannot take a symbol as it must be a short text", id);
  }
  const field = issue?.path.map(String).join(".") ?? "message";
  return refused(
    "BAD_REQUEST",
    `Cannot take a message as its ${field} does not have the form that is asked for`,
    id,
  );
}

const refused = (
  code: "TOO_LARGE" | "BAD_JSON" | "BAD_REQUEST" | "TOO_MANY_SYMBOLS" | "UNKNOWN_ACTION" | "BAD_SYMBOL",
  message: string,
  id?: RequestId,
): ReadCommand => ({ ok: false, error: new TickcastError(code, message), id });

/** Nesting as brackets tell it; those within strings count too, which only makes odd texts deeper. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let n = 0; n < text.length && deepest <= DEPTH_MAX; n++) {
    const code = text.charCodeAt(n);
    if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x5d || code === 0x7d) depth--;
  }
  return deepest;
}
