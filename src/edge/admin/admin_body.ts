/** Reads what an operator posted: bounded, JSON, and of the form a command has. */
import { z } from "zod";
import { TickcastError } from "../../feed/error.ts";

/** Ten thousand of the longest tickers fit. */
export const ADMIN_BODY_MAX_BYTES = 512 * 1024;
const PROBLEMS_SHOWN = 5;
const PROBLEM_MAX_CHARS = 160;

/**
 * The JSON of a request's body; an empty body is `{}`.
 * @throws {TickcastError} TOO_LARGE, BAD_JSON
 */
export async function readJsonBody(
  request: Request,
  maxBytes: number = ADMIN_BODY_MAX_BYTES,
): Promise<unknown> {
  const text = await readBounded(request, maxBytes);
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new TickcastError("BAD_JSON", "Cannot read the request as its body must be JSON");
  }
}

async function readBounded(request: Request, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      throw new TickcastError(
        "TOO_LARGE",
        `Cannot read the request as its body must be at most ${maxBytes} bytes`,
      );
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * Holds a value against a schema.
 * @throws {TickcastError} BAD_REQUEST naming the fields that are wrong, not what was in them
 */
export function readAs<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, PROBLEMS_SHOWN).map((issue) =>
    `${issue.path.join(".") || "body"}: ${issue.message}`.slice(0, PROBLEM_MAX_CHARS)
  );
  throw new TickcastError(
    "BAD_REQUEST",
    `Cannot take the request as its body is wrong: ${problems.join("; ")}`,
  );
}
