/**
 * How commands reach Redis: the port between the one Redis store and its two transports. A transport sends each request
 * once: it never repeats one by itself, for an append that was applied may not look so.
 */

/** One command, name first. */
export type RedisCommand = readonly [name: string, ...args: string[]];

/** Reads that can be asked together. */
export type ReadCommand = readonly ["HMGET" | "HVALS" | "LLEN" | "LRANGE" | "TIME", ...string[]];

/** See the file comment. Replies are strings, numbers, null and arrays of those. */
export interface RedisTransport extends AsyncDisposable {
  readonly name: "tcp" | "rest";
  /** First line a script needs on this transport's servers, or empty: plain Redis refuses flags it doesn't know. */
  readonly scriptHeader: string;
  /**
   * Sends a command and gives its reply. The caller minds the time limit and the abort; the signal only saves work.
   * @throws {RedisReplyError} Redis answered with an error; {@link HttpAnswerError} something else answered; or whatever
   * the network did.
   */
  command(command: RedisCommand, signal: AbortSignal): Promise<unknown>;
  /** Sends reads that see one moment; gives their replies. Throws as {@link command}, for the first that failed. */
  readTogether(commands: readonly ReadCommand[], signal: AbortSignal): Promise<readonly unknown[]>;
  /** What {@link readTogether} is billed beside its reads, in commands. */
  readonly togetherCommands: number;
  /**
   * Delivers the messages of a channel until the signal aborts (resolves) or the subscription breaks (rejects, also when
   * it ends without a word). Messages may be lost around both.
   * @param opened called once Redis has said that it listens
   */
  subscribe(
    channel: string,
    deliver: (text: string) => void,
    signal: AbortSignal,
    opened?: () => void,
  ): Promise<void>;
  /** A call passed its time limit, or met a node that may not write: the connection is to be doubted. */
  doubt(reason: "silent" | "wrong_node"): void;
}
