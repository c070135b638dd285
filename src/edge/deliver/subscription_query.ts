/** The query that all routes share: `streams`, `symbols`, `cursor`, `mode`, `max_hz`, `fields`, `snapshot` (and poll's `wait`). */
import { z } from "zod";
import { TickcastError } from "../../feed/error.ts";
import { SYMBOLS_MAX } from "./client_commands.ts";
import { MAX_HZ_MAX, MAX_HZ_MIN } from "../follow/flush_interval.ts";
import { FIELDS_MAX, isFieldName } from "../follow/projection.ts";

/** Longest query taken, in characters. */
export const QUERY_MAX_CHARS = 16 * 1024;

/** What was asked for, as written but for its form; undefined where nothing was said. */
export interface SubscriptionQuery {
  readonly streams: readonly string[] | undefined;
  readonly symbols: readonly string[] | undefined;
  readonly cursor: string | undefined;
  readonly mode: "all" | "latest" | undefined;
  readonly maxHz: number | undefined;
  readonly fields: readonly string[] | undefined;
  readonly snapshot: boolean | undefined;
  /** Seconds to wait for events (poll). */
  readonly waitSeconds: number;
}

/** Longest wait of a poll, in seconds. */
export const WAIT_MAX_SECONDS = 25;

const Mode = z.enum(["all", "latest"]);
const MaxHz = z.coerce.number().min(MAX_HZ_MIN).max(MAX_HZ_MAX);
const Flag = z.enum(["true", "false", "1", "0"]);
const Wait = z.coerce.number().min(0);

/**
 * Reads a request's query.
 * @throws {TickcastError} BAD_REQUEST, TOO_MANY_SYMBOLS, TOO_LARGE
 */
export function readQuery(url: URL): SubscriptionQuery {
  if (url.search.length > QUERY_MAX_CHARS) {
    throw new TickcastError(
      "TOO_LARGE",
      `Cannot read a query as it must be at most ${QUERY_MAX_CHARS} characters`,
    );
  }
  const { searchParams } = url;
  const symbols = list(searchParams, "symbols");
  if (symbols !== undefined && symbols.length > SYMBOLS_MAX) {
    throw new TickcastError(
      "TOO_MANY_SYMBOLS",
      `Cannot read a query as it must name at most ${SYMBOLS_MAX} symbols: current number is ${symbols.length}`,
    );
  }
  const fields = list(searchParams, "fields");
  if (fields !== undefined && (fields.length > FIELDS_MAX || !fields.every(isFieldName))) bad("fields");
  const snapshot = read(searchParams, "snapshot", Flag);
  return {
    streams: list(searchParams, "streams"),
    symbols,
    cursor: one(searchParams, "cursor"),
    mode: read(searchParams, "mode", Mode),
    maxHz: read(searchParams, "max_hz", MaxHz),
    fields,
    snapshot: snapshot === undefined ? undefined : snapshot === "true" || snapshot === "1",
    waitSeconds: Math.min(read(searchParams, "wait", Wait) ?? 0, WAIT_MAX_SECONDS),
  };
}

function bad(name: string): never {
  throw new TickcastError(
    "BAD_REQUEST",
    `Cannot read a query as its ${name} does not have the form that is asked for`,
  );
}

/** A parameter that may be there once; empty is as if it were not. */
function one(params: URLSearchParams, name: string): string | undefined {
  const values = params.getAll(name);
  if (values.length > 1) bad(name);
  return values[0] === "" ? undefined : values[0];
}

function read<T>(params: URLSearchParams, name: string, schema: z.ZodType<T>): T | undefined {
  const text = one(params, name);
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(text);
  return parsed.success ? parsed.data : bad(name);
}

/** Comma-separated, in one parameter or several. */
function list(params: URLSearchParams, name: string): readonly string[] | undefined {
  const values = params.getAll(name).flatMap((value) => value.split(",")).filter((value) => value !== "");
  return values.length === 0 ? undefined : values;
}
