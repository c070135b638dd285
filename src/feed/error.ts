/**
 * The taxonomy of errors: a code, whether trying again can help, and one table from code to HTTP status and close code.
 * Clients see code and message of a {@link TickcastError}; anything else is `INTERNAL` and says nothing more.
 */

interface ErrorKind {
  /** HTTP status of a refused request. */
  readonly status: number;
  /** WebSocket close code when the error ends the socket (`docs/protocol.md`: 4000–4499 come back, 4500–4999 don't). */
  readonly close: number;
  readonly shouldRetry: boolean;
}

const kind = (status: number, close: number, shouldRetry: boolean): ErrorKind => ({
  status,
  close,
  shouldRetry,
});

/** Every code a client or an operator can meet. */
export const ERROR_KINDS = {
  BAD_REQUEST: kind(400, 4503, false),
  BAD_JSON: kind(400, 4503, false),
  BAD_CURSOR: kind(400, 4503, false),
  BAD_SYMBOL: kind(400, 4503, false),
  UNKNOWN_SYMBOL: kind(400, 4503, false),
  UNKNOWN_STREAM: kind(404, 4503, false),
  UNKNOWN_ACTION: kind(400, 4503, false),
  CURSOR_IN_USE: kind(409, 4503, false),
  NOT_FOUND: kind(404, 4503, false),
  CONFLICT: kind(409, 4503, false),
  METHOD_NOT_ALLOWED: kind(405, 4503, false),
  TOO_LARGE: kind(413, 4504, false),
  TOO_MANY_SYMBOLS: kind(400, 4503, false),
  RATE_LIMITED: kind(429, 4003, true),
  UNAUTHORIZED: kind(401, 4501, false),
  AUTH_EXPIRED: kind(401, 4004, true),
  KEYS_UNAVAILABLE: kind(503, 4002, true),
  FORBIDDEN: kind(403, 4502, false),
  SLOW_CONSUMER: kind(503, 4001, true),
  DRAINING: kind(503, 4002, true),
  OVERLOADED: kind(503, 4002, true),
  WS_DISABLED: kind(503, 4002, true),
  UPGRADE_REQUIRED: kind(426, 4503, false),
  STORE_UNAVAILABLE: kind(503, 4002, true),
  STORE_REFUSED: kind(503, 4002, false),
  NOT_LEADER: kind(503, 4002, true),
  INGEST_SILENT: kind(504, 4002, true),
  UPSTREAM: kind(503, 4002, true),
  SETTINGS: kind(500, 4002, false),
  INTERNAL: kind(500, 1011, true),
} as const satisfies Record<string, ErrorKind>;

/** One of {@link ERROR_KINDS}. */
export type ErrorCode = keyof typeof ERROR_KINDS;

/** An error that knows what it is. Messages read "Cannot X as Y: current value is Z" and hold no secret or payload. */
export class TickcastError extends Error {
  override readonly name = "TickcastError";
  constructor(readonly code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }
  get shouldRetry(): boolean {
    return ERROR_KINDS[this.code].shouldRetry;
  }
  get status(): number {
    return ERROR_KINDS[this.code].status;
  }
  get closeCode(): number {
    return ERROR_KINDS[this.code].close;
  }
}

/** What a client may be told about any thrown value: the code and message of ours, nothing of anybody else's. */
export function publicError(error: unknown): { code: ErrorCode; message: string } {
  return error instanceof TickcastError
    ? { code: error.code, message: error.message }
    : { code: "INTERNAL", message: "Cannot answer as something failed inside" };
}

/** One line for the log about any thrown value: name and message, with the cause's, never a stack or a payload. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.name}: ${error.cause.message})` : "";
  return `${error.name}: ${error.message}${cause}`;
}
