/**
 * The latest event per (type, symbol) of one stream, for snapshots: read from the store once, then kept up by what is pulled,
 * so that a snapshot is true exactly at the log's end and costs no store command while the instance is warm.
 * The rule is the store's own: the greatest `t`, the later of equals.
 */
import { comparePositions, ORIGIN, type Position, positionOfId } from "../../feed/cursor.ts";
import type { Clock } from "../../feed/clock.ts";
import { isObjectInOneLine, peekElement } from "../../feed/event_text.ts";
import type { ListStore } from "../../feed/store.ts";
import { within } from "../../feed/time_limit.ts";
import { matchesPatterns, type SymbolPatterns } from "../../feed/symbol.ts";
import type { LogRecord, Missing } from "./log_record.ts";
import type { StreamLog } from "./stream_log.ts";

/** What is kept of an event: a log's record is one. */
type Latest = Pick<LogRecord, "type" | "sym" | "t" | "text">;

/** A snapshot of nobody for a while is forgotten rather than kept up. */
const IDLE_FORGET_EVENTS = 2_000_000;
/** Read again so often where something went missing in the middle of it. */
const LOAD_TRIES = 3;
/** A read that the store leaves unanswered for longer is given up. */
const LOAD_TIME_LIMIT_MS = 10_000;

/** See the file comment. */
export class LatestTable implements Disposable {
  /** Undefined until somebody asks, and again when it can no longer be kept up. */
  #events: Map<string, Latest> | undefined;
  #loading: Promise<void> | undefined;
  /** Records that arrive while the store is being read. */
  #meanwhile: LogRecord[] | undefined;
  /** What is being read may lack a symbol's latest: something went missing since it was begun. */
  #hasHole = false;
  #unasked = 0;
  readonly #stop = new AbortController();

  constructor(
    readonly store: Pick<ListStore, "readLatest">,
    readonly log: StreamLog,
    readonly clock: Clock,
  ) {}

  /** An event was pulled. */
  note(record: LogRecord): void {
    this.#meanwhile?.push(record);
    if (this.#events === undefined) return;
    if (++this.#unasked > IDLE_FORGET_EVENTS) this.#events = undefined;
    else put(this.#events, record);
  }

  /** Something is missing: what stood there may have been the latest of a symbol. */
  noteMissing(missing: Missing): void {
    if (missing.cause !== "evicted" && missing.cause !== "epoch") return;
    this.#events = undefined;
    this.#hasHole = true;
  }

  /**
   * Makes {@link LatestTable.texts} answer. One read serves all who ask meanwhile, and goes on when one of them leaves.
   * @param signal ends this caller's wait
   * @throws {TickcastError} as the store does
   */
  async load(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    for (let tries = 0; this.#events === undefined && tries < LOAD_TRIES; tries++) {
      const loading = this.#loading ??= this.#inTime(this.#stop.signal, (stop) => this.#load(stop))
        .finally(() => this.#loading = undefined);
      await this.#inTime(signal, () => loading);
    }
  }

  /**
   * Texts of the latest event of every wanted symbol, true at the log's end now; undefined when it has to be loaded (again)
   * first.
   */
  texts(patterns: SymbolPatterns): string[] | undefined {
    if (this.#events === undefined) return undefined;
    this.#unasked = 0;
    const texts: string[] = [];
    for (const { sym, text } of this.#events.values()) if (matchesPatterns(patterns, sym)) texts.push(text);
    return texts;
  }

  /** The feed is gone. */
  [Symbol.dispose](): void {
    this.#stop.abort(new DOMException("stopped", "AbortError"));
  }

  #inTime(signal: AbortSignal, call: (stop: AbortSignal) => Promise<void>): Promise<void> {
    return within({ clock: this.clock, limitMs: LOAD_TIME_LIMIT_MS, signal }, call);
  }

  async #load(signal: AbortSignal): Promise<void> {
    const endBefore = this.log.end;
    const meanwhile: LogRecord[] = this.#meanwhile = [];
    this.#hasHole = false;
    const found = new Map<string, Latest>();
    try {
      const lists = await Promise.all(
        this.log.lists.map((list) => this.store.readLatest(list, undefined, signal)),
      );
      // Given up while the store was at it: another read may be under way by now.
      signal.throwIfAborted();
      lists.forEach(({ elements }, list) => {
        for (const text of elements) {
          const peek = peekElement(text);
          const isOurs = peek !== undefined && isHeld(this.log, list, positionOfId(peek.id));
          if (isOurs && isObjectInOneLine(text)) put(found, { ...peek, text });
        }
      });
      for (let at = this.log.base; at < endBefore; at++) {
        const record = this.log.at(at);
        if (record !== undefined && record.missing === undefined) put(found, record);
      }
      for (const record of meanwhile) put(found, record);
      if (!this.#hasHole) this.#events = found;
    } finally {
      if (this.#meanwhile === meanwhile) this.#meanwhile = undefined;
    }
  }
}

/** Whether the log has read as far as a position: the store may be a moment ahead of us. */
const isHeld = (log: StreamLog, list: number, position: Position): boolean =>
  log.endPosition(list).epoch !== ORIGIN.epoch && comparePositions(position, log.endPosition(list)) <= 0;

function put(events: Map<string, Latest>, event: Latest): void {
  const key = `${event.type}:${event.sym}`;
  const known = events.get(key);
  if (known === undefined || event.t >= known.t) events.set(key, event);
}
