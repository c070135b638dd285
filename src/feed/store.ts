/**
 * The `FeedStore` port: where the two programs meet. Ingest appends to capped lists under a fence; edges read their tails.
 * `src/store/` implements it in memory and on Redis; `tests/store/contract.ts` says what every implementation must do.
 *
 * Every method rejects with a {@link TickcastError}: `STORE_UNAVAILABLE` (try again: unreachable, timed out, busy) or
 * `STORE_REFUSED` (an operator must act: bad token, wrong type at a key, out of memory). An aborted call rejects with the
 * signal's reason; it never resolves.
 */
import type { Position } from "./cursor.ts";
import type { EventBody } from "./event_text.ts";

/** Where a list stands and how often its readers are asked to come. */
export interface ListHead extends Position {
  /** Readers pull at least this often while somebody wants the list. */
  readonly pullMs: number;
}

/**
 * What readers are asked for while every market of a list is closed and nothing came for minutes, over Redis: the hint of the
 * first event brings them at once, so a longer interval only saves commands.
 */
export const QUIET_PULL_MS = 2_000;

/** Another pull interval, for a list that nothing is appended to just now (an append carries its own). */
export interface PullIntervalRequest {
  readonly list: string;
  readonly fence: number;
  /** The head the writer believes in: one that comes late, after an append, changes nothing. */
  readonly expected: Position;
  readonly pullMs: number;
}

/** What became of it: nothing is written where the head is another (`moved`) or somebody else holds the lease (`fenced`). */
export type PullIntervalReply = "written" | "moved" | "fenced";

/** One batch for one list. */
export interface AppendRequest {
  readonly list: string;
  /** The list never holds more; a batch has at most half of it, or 1 MiB. */
  readonly capEvents: number;
  /** The writer's right to write, from {@link LeaseStore.takeLease}. */
  readonly fence: number;
  /**
   * The head the writer believes in; `ORIGIN` when it has none. It must be the furthest head the writer ever knew of, not
   * merely what a read says now: after a failover to an old copy only the difference tells the store to begin a new epoch.
   */
  readonly expected: Position;
  /** Unique to this batch, the same at every try of it: a batch that was applied already answers its ids again. */
  readonly batch: string;
  readonly bodies: readonly EventBody[];
  /** Written into the head. */
  readonly pullMs: number;
}

/** What became of an append. */
export type AppendReply =
  /** In the list, as `firstSeq … lastSeq` of `epoch`. `fresh`: this append began the epoch. */
  | {
    readonly outcome: "applied";
    readonly epoch: string;
    readonly firstSeq: number;
    readonly lastSeq: number;
    readonly fresh: boolean;
  }
  /** Nothing written: the list has moved on past `expected` (this request was late). */
  | { readonly outcome: "behind"; readonly head: Position }
  /** Nothing written: somebody else holds the lease. */
  | { readonly outcome: "fenced"; readonly fence: number };

/** The newest part of a list, read at one moment. */
export interface ListTail {
  /** Undefined when the list was never written or is lost. */
  readonly head: ListHead | undefined;
  /** Stamped elements, oldest first, the last of them at the head. */
  readonly elements: readonly string[];
}

/** The latest event per (type, symbol) of a list. */
export interface LatestEvents {
  /** Where the list stood when this was read. */
  readonly head: ListHead | undefined;
  readonly elements: readonly string[];
}

/** A notification that a list moved. May be lost, late, doubled or forged: it only makes a pull sooner, and that one wider. */
export interface Hint {
  readonly list: string;
  readonly position: Position;
}

/** The event lists. */
export interface ListStore {
  append(request: AppendRequest, signal?: AbortSignal): Promise<AppendReply>;
  /** Writes the head's interval and nothing else; tells nobody. */
  setPullInterval(request: PullIntervalRequest, signal?: AbortSignal): Promise<PullIntervalReply>;
  /** The newest `countEvents` elements (fewer when the list has fewer); 0 reads the head alone. */
  readTail(list: string, countEvents: number, signal?: AbortSignal): Promise<ListTail>;
  /** `fields` are `type:sym`; undefined reads all. */
  readLatest(
    list: string,
    fields: readonly string[] | undefined,
    signal?: AbortSignal,
  ): Promise<LatestEvents>;
  /** Hints as they come, until the signal aborts (ends) or the subscription breaks (throws): the caller opens it again. */
  hints(signal: AbortSignal): AsyncIterable<Hint>;
}

/** Who may write. Times are the store's own clock, Unix ms. */
export interface Lease {
  /** Empty after a clean stop. */
  readonly owner: string;
  readonly fence: number;
  readonly untilMs: number;
  /** The store's clock when this was read. */
  readonly nowMs: number;
}

/** The right to write, held by one ingest at a time. No TTL: it is judged, not forgotten. */
export interface LeaseStore {
  /** Undefined when nobody ever held it. */
  readLease(signal?: AbortSignal): Promise<Lease | undefined>;
  /**
   * Takes it if its fence is still `seenFence` (0: nobody ever held it); the new fence is max(old + 1, store clock in ms).
   * Undefined when somebody was quicker. Whether it *may* be taken is the caller's policy.
   */
  takeLease(
    owner: string,
    seenFence: number,
    leaseMs: number,
    signal?: AbortSignal,
  ): Promise<Lease | undefined>;
  /** False when it is no longer this fence's. */
  renewLease(fence: number, leaseMs: number, signal?: AbortSignal): Promise<boolean>;
  /** Clears the owner, so that a standby takes it at once. False when it was no longer this fence's. */
  releaseLease(fence: number, signal?: AbortSignal): Promise<boolean>;
}

/** Small documents under names (`plan`, `health:ingest`, `health:edge:<id>`), text in, text out. */
export interface NoteStore {
  /** `ttlMs` undefined: kept until written again. */
  writeNote(name: string, text: string, ttlMs: number | undefined, signal?: AbortSignal): Promise<void>;
  readNote(name: string, signal?: AbortSignal): Promise<string | undefined>;
  /** At most `limit` notes whose name starts with `prefix`, by name. Not for hot paths. */
  readNotes(prefix: string, limit: number, signal?: AbortSignal): Promise<ReadonlyMap<string, string>>;
  deleteNote(name: string, signal?: AbortSignal): Promise<void>;
}

/** Commands for ingest and their answers. */
export interface ControlStore {
  /** Queues a command. @throws {TickcastError} OVERLOADED when 100 wait already. */
  sendCommand(text: string, signal?: AbortSignal): Promise<void>;
  /** Takes at most `limit` of the oldest commands off the queue. */
  takeCommands(limit: number, signal?: AbortSignal): Promise<readonly string[]>;
  writeAnswer(id: string, text: string, ttlMs: number, signal?: AbortSignal): Promise<void>;
  readAnswer(id: string, signal?: AbortSignal): Promise<string | undefined>;
}

/** Checkpoints of folds: symbol → state, as text. Written under the fence. */
export interface FoldStore {
  /** Writes the changed symbols (`undefined` deletes one) and what `cursor` they are true at. False when fenced off. */
  saveFold(
    stream: string,
    fence: number,
    changed: ReadonlyMap<string, string | undefined>,
    cursor: string,
    signal?: AbortSignal,
  ): Promise<boolean>;
  loadFold(
    stream: string,
    signal?: AbortSignal,
  ): Promise<{ readonly cursor: string | undefined; readonly states: ReadonlyMap<string, string> }>;
}

/** One-time tickets and universes. */
export interface ShelfStore {
  putTicket(id: string, text: string, ttlMs: number, signal?: AbortSignal): Promise<void>;
  /** Gives the ticket once. */
  takeTicket(id: string, signal?: AbortSignal): Promise<string | undefined>;
  /** Members of `universe:<key>`, sorted; empty when there is none. */
  readUniverse(key: string, signal?: AbortSignal): Promise<readonly string[]>;
}

/** What a store has cost so far. */
export interface StoreUsage {
  /** Commands as Upstash bills them: a script costs one and each call inside another. */
  readonly commands: number;
  readonly requests: number;
  readonly failures: number;
  /** Connections made; none over REST and in memory. */
  readonly connects: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
}

/** Everything ingest and edge share. */
export interface FeedStore
  extends ListStore, LeaseStore, NoteStore, ControlStore, FoldStore, ShelfStore, AsyncDisposable {
  readonly transport: "memory" | "tcp" | "rest";
  /** Round trip to the store; rejects as every method does. */
  ping(signal?: AbortSignal): Promise<void>;
  usage(): StoreUsage;
}
