/** How the operational routes answer: JSON that nobody caches, and errors as code and message from the one table. */
import { type ErrorCode, publicError, TickcastError } from "../../feed/error.ts";

const HEADERS = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" };

/** Seconds a refused caller is asked to wait. */
export const RETRY_AFTER_S = 5;

/** A JSON answer that is true now and not later. */
export const answer = (
  value: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response => new Response(JSON.stringify(value), { status, headers: { ...HEADERS, ...headers } });

/** An error as its code and message; anything that is not ours is `INTERNAL` and says nothing more. */
export function answerError(error: unknown): Response {
  const status = error instanceof TickcastError ? error.status : 500;
  const again = error instanceof TickcastError && error.shouldRetry && (status === 503 || status === 429);
  return answer({ error: publicError(error) }, status, again ? { "retry-after": String(RETRY_AFTER_S) } : {});
}

/** A refusal in one line. */
export const refuse = (code: ErrorCode, message: string): Response =>
  answerError(new TickcastError(code, message));
