/// <reference lib="dom" />
/**
 * Reading back what a server holds, again and again until it succeeds: whoever's page loads while a server restarts or is
 * asked too much has a chart with its past all the same, a little later.
 */
import type { Down } from "../../client/failure.ts";

/** Waits between readings double from here … */
const FIRST_WAIT_MS = 2_000;
/** … to here; a server that asks for more is given it. */
const WAIT_MAX_MS = 30_000;

/** Lets time pass; less of it when the signal aborts. */
type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

const pause: Wait = (ms, signal) =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });

/** What the client says of a reading that was refused; nothing of one that broke on the way. */
const downOf = (error: unknown): Partial<Down> => Object(Object(error).cause);

/**
 * Calls `read` until it succeeds, is refused for good (the same question would be answered the same), or `signal` aborts.
 * Never rejects. A reading that failed half way begins anew.
 */
export async function readUntilDone(
  read: () => Promise<void>,
  signal: AbortSignal,
  wait: Wait = pause,
): Promise<void> {
  for (let waitMs = FIRST_WAIT_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, WAIT_MAX_MS)) {
    try {
      return await read();
    } catch (error) {
      const { then = "retry", afterMs = 0 } = downOf(error);
      if (then !== "retry") return;
      await wait(Math.max(waitMs, afterMs), signal);
    }
  }
}

/** A connection is given so long to come before the past is read without it. */
const LINK_WAIT_MS = 1_000;

/** One reading; whole when the symbol was followed before it began: what comes after it comes over the connection. */
interface Reading {
  readonly stop: AbortController;
  readonly isWhole: boolean;
}

/**
 * Reads the chosen symbol's past, of each stream when the symbol is followed in it: what happened between a reading and a
 * subscription that began later nobody would tell. Without a connection it is read too, and once more when there is one.
 */
export class PastReader<S extends string> {
  readonly #readings = new Map<S, Reading>();
  readonly #followed = new Map<S, ReadonlySet<string>>();
  #watched: readonly string[] = [];
  #chosen = "";

  constructor(
    readonly streams: readonly S[],
    readonly read: (stream: S, symbol: string, signal: AbortSignal) => Promise<void>,
    readonly wait: Wait = pause,
  ) {}

  /** What is subscribed from now on. What is left and taken up again has to be read anew. */
  watch(symbols: readonly string[]): void {
    this.#watched = symbols;
    for (const [stream, followed] of this.#followed) {
      this.#followed.set(stream, new Set(symbols.filter((symbol) => followed.has(symbol))));
    }
  }

  /** The subscription of what is watched has begun in a stream. */
  followed(stream: S): void {
    this.#followed.set(stream, new Set(this.#watched));
    if (!this.#readings.get(stream)?.isWhole) this.#begin(stream);
  }

  /** Reads another symbol's past; the one before is left. */
  choose(symbol: string): void {
    this.#chosen = symbol;
    this.again();
  }

  /** Begins anew: what was refused before may be had now. */
  again(): void {
    for (const stream of this.streams) this.#begin(stream);
  }

  #begin(stream: S): void {
    const symbol = this.#chosen;
    this.#readings.get(stream)?.stop.abort();
    if (!symbol) return;
    const stop = new AbortController();
    const isWhole = this.#followed.get(stream)?.has(symbol) ?? false;
    this.#readings.set(stream, { stop, isWhole });
    void this.#run(stream, symbol, isWhole, stop.signal);
  }

  async #run(stream: S, symbol: string, isWhole: boolean, signal: AbortSignal): Promise<void> {
    if (!isWhole) await this.wait(LINK_WAIT_MS, signal);
    await readUntilDone(() => this.read(stream, symbol, signal), signal, this.wait);
  }
}
