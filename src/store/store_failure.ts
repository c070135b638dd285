/**
 * What Redis, a proxy or the network answered, in an operator's words. One table says which answers can pass by
 * themselves (`STORE_UNAVAILABLE`) and which need somebody to act (`STORE_REFUSED`).
 *
 * Redis quotes commands in some errors, and Upstash's client whole payloads: nothing of an answer's text is passed on but
 * its leading code word. Sources: Redis's `server.c` and Upstash's troubleshooting pages.
 */
import { type ErrorCode, TickcastError } from "../feed/error.ts";
import { TimeLimitError } from "../feed/time_limit.ts";

type StoreCode = Extract<ErrorCode, "STORE_UNAVAILABLE" | "STORE_REFUSED">;

/** An error reply of Redis as it came, on its way to {@link storeFailure}. Never leaves this room. */
export class RedisReplyError extends Error {
  override readonly name = "RedisReplyError";
  constructor(readonly reply: string) {
    super("Redis answered with an error");
  }
  /** The server forgot the script: it is sent whole. */
  get isNoScript(): boolean {
    return this.reply.includes("NOSCRIPT");
  }
}

/** What the credentials lack, when that is why Redis refused: its NOPERM names a command, a key or a channel. */
export function missingRight(error: unknown): "command" | "key" | "channel" | undefined {
  if (!(error instanceof RedisReplyError) || !error.reply.includes("NOPERM")) return undefined;
  if (/channel/i.test(error.reply)) return "channel";
  return /access (a|one of the) keys?/i.test(error.reply) ? "key" : "command";
}

/** An HTTP answer that is no reply of Redis. */
export class HttpAnswerError extends Error {
  override readonly name = "HttpAnswerError";
  constructor(readonly status: number, readonly isJson: boolean) {
    super("the answer is no reply of Redis");
  }
}

const row = (mark: string, code: StoreCode, words: string) => ({ mark, code, words });
const PASSES = "STORE_UNAVAILABLE";
const STAYS = "STORE_REFUSED";

/** Why no new epoch can begin: only somebody else's value can be so late. */
const EPOCHS_USED_UP = "a list's head is later than any clock: delete its keys";

/** Looked for in order, anywhere in the reply: scripts wrap the code of the call that failed. */
export const REPLY_TABLE = [
  row("LOADING", PASSES, "it is loading its data"),
  row("READONLY", PASSES, "it is a read-only replica now (a failover?)"),
  row("MASTERDOWN", PASSES, "it is a replica that lost its master"),
  row("CLUSTERDOWN", PASSES, "the cluster is down"),
  row("TRYAGAIN", PASSES, "it is moving the key"),
  row("NOREPLICAS", PASSES, "it has too few good replicas to write"),
  row("NOSCRIPT", PASSES, "it forgot the script"),
  row("max number of clients", PASSES, "it has too many connections"),
  row("max concurrent connections", PASSES, "it has too many connections"),
  row("NOAUTH", STAYS, "it asks for a password: check REDIS_URL"),
  // What a long command gets before authentication: "Protocol error: unauthenticated multibulk length".
  row("unauthenticated", STAYS, "it asks for a password: check REDIS_URL"),
  row("WRONGPASS", STAYS, "the password or token is wrong: check REDIS_URL or UPSTASH_REDIS_REST_TOKEN"),
  row("invalid password", STAYS, "the password is wrong: check REDIS_URL"),
  row(
    "NOPERM",
    STAYS,
    "the user may not run a command this needs: check the ACL, and that the token may write",
  ),
  row("WRONGTYPE", STAYS, "a key under our prefix holds another type: delete it, or change KEY_PREFIX"),
  row("TICKCASTEPOCH", STAYS, EPOCHS_USED_UP),
  row("OOM", STAYS, "it is out of memory: raise maxmemory or the plan"),
  row("MISCONF", STAYS, "it can't save to disk and refuses writes: look at its log"),
  row("DENIED", STAYS, "it is in protected mode: set a password or a bind address"),
  row("CROSSSLOT", STAYS, "it is a cluster: use a single database"),
  row("MOVED", STAYS, "it is a cluster: use a single database"),
  row("quota exceeded", STAYS, "the plan's size is used up"),
  row("limit exceeded", STAYS, "the plan's number of requests is used up"),
  row("size exceeded", STAYS, "a request or key is larger than the plan allows"),
  row("EXECABORT", STAYS, "it discarded the transaction"),
  row("unknown command", STAYS, "it doesn't know a command this needs: Redis 6.2 or later, with scripts"),
  row("BUSY", PASSES, "it is busy with a long script"),
] as const;

const CODE_WORD = /^[A-Z]{2,24}\b/;
/** What a connection error may say of itself: `ECONNREFUSED`, `UNABLE_TO_VERIFY_LEAF_SIGNATURE`. */
const NETWORK_CODE = /^[A-Z][A-Z0-9_]{2,60}$/;

/** Any failure of a store call as the port promises it. Those already told are passed through. */
export function storeFailure(error: unknown): TickcastError {
  if (error instanceof TimeLimitError) {
    return failure(PASSES, `it did not answer within ${error.limitMs} ms`);
  }
  if (error instanceof TickcastError) return error;
  if (error instanceof RedisReplyError) return replyFailure(error.reply);
  if (error instanceof HttpAnswerError) return httpFailure(error);
  const code = codeOf(error);
  return failure(PASSES, `it can't be reached${code === "" ? "" : ` (${code})`}`);
}

/** True when the reply says we talk to the wrong node: a new connection may find the right one. */
export const isWrongNode = (error: unknown): boolean =>
  error instanceof RedisReplyError && /READONLY|MASTERDOWN/.test(error.reply);

/** The reason a store gives after it was closed. */
export const closedFailure = (): TickcastError =>
  new TickcastError(PASSES, "Cannot use the store as it was closed");

/** A new epoch can't be named. */
export const epochsUsedUp = (): TickcastError => failure(STAYS, EPOCHS_USED_UP);

/** The reason given while there is no connection; `last` is why the latest attempt failed. */
export const offlineFailure = (last: TickcastError | undefined): TickcastError =>
  last ?? failure(PASSES, "it is not connected yet");

const failure = (code: StoreCode, words: string): TickcastError =>
  new TickcastError(code, `Cannot use Redis as ${words}`);

function replyFailure(reply: string): TickcastError {
  const known = REPLY_TABLE.find(({ mark }) => reply.includes(mark));
  if (known !== undefined) return failure(known.code, known.words);
  const word = CODE_WORD.exec(reply)?.[0] ?? "an error";
  return failure(STAYS, `it answered ${word}, which this program doesn't know`);
}

function httpFailure({ status, isJson }: HttpAnswerError): TickcastError {
  if (status === 401 || status === 403) {
    return failure(STAYS, `the token is refused (HTTP ${status}): check UPSTASH_REDIS_REST_TOKEN`);
  }
  if (status === 413) return failure(STAYS, "a request is larger than the plan allows (HTTP 413)");
  if (isJson && (status === 404 || status === 405)) {
    return failure(STAYS, `there is no Upstash REST API at this address (HTTP ${status})`);
  }
  if (status >= 300 && status < 400) {
    return failure(STAYS, `the address sends elsewhere (HTTP ${status}): check UPSTASH_REDIS_REST_URL`);
  }
  return failure(PASSES, `something before it answered (HTTP ${status}${isJson ? "" : ", not JSON"})`);
}

function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = "code" in at ? String(at.code) : "";
    if (NETWORK_CODE.test(code)) return code;
  }
  return "";
}
