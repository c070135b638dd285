/**
 * A stream's freshness (`docs/health.md`): pure, from what is known at one moment. Three rules carry it: connected is
 * not fresh (only data makes `live`), data beats the calendar (a replay on a Sunday is live), and a closed market is
 * no fault.
 */
import type { StreamState } from "../../feed/health.ts";

/** What a market is doing. `extended` is pre- and after-market: trading, but thin. */
export type MarketSession = "regular" | "extended" | "closed";

/** When the store has left our questions unanswered for this long, what we serve is old whatever it says. */
export const STORE_SILENT_MS = 5_000;
/** An ingest that has not reported for this long is gone: two of its default reporting intervals and a little. */
export const INGEST_SILENT_MS = 75_000;
/** An upstream connection between two sockets is not yet down. */
export const UPSTREAM_GRACE_MS = 15_000;
/** Fewer planned symbols than this can all be silent for minutes without anything being wrong. */
export const NARROW_SYMBOLS = 20;

const MINUTE_MS = 60_000;

/** How one stream's silence is judged. */
export interface Cadence {
  /** Newer than this is live. */
  readonly liveForMs: number;
  /** Regular session, many symbols: older than this is stale. */
  readonly dueAfterMs: number;
}

/**
 * Fresh and due limits by stream; a minute bar comes once a minute and a little late. Undefined cadence: never due.
 */
const CADENCES: ReadonlyMap<string, Cadence> = new Map([
  ["tick", { liveForMs: 10_000, dueAfterMs: 30_000 }],
  ["minute", { liveForMs: 75_000, dueAfterMs: 150_000 }],
  ["fmv", { liveForMs: 30_000, dueAfterMs: 2 * MINUTE_MS }],
]);

/** Signals and heatmaps come when there is something to say: silent for a minute is quiet, never overdue. */
const DERIVED: Cadence = { liveForMs: MINUTE_MS, dueAfterMs: Infinity };

/** How a stream's silence is judged; streams that are not received are never overdue. */
export const cadenceOf = (stream: string): Cadence => CADENCES.get(stream) ?? DERIVED;

/** What is known about one stream at one moment. Times are Unix ms of this process's clock unless said otherwise. */
export interface StreamObservation {
  readonly stream: string;
  readonly now: number;
  /** Whether ingest publishes it; undefined when no plan could be read yet. */
  readonly planned: boolean | undefined;
  /** Symbols planned; `Infinity` for all, 0 when unknown. */
  readonly plannedSymbols: number;
  /** The widest-open session among its markets. */
  readonly session: MarketSession;
  /** How long the store has left this instance's questions unanswered; 0 when the last one was answered. */
  readonly storeSilentMs: number;
  /** Newest event this instance holds, as ingest stamped its receipt (ingest's clock). */
  readonly edgeEventRx: number | undefined;
  /** When the list last moved under this instance's eyes: right even when ingest's clock is off. */
  readonly headMovedAt: number | undefined;
  /** A client of this instance wants it, so it is being pulled. */
  readonly wanted: boolean;
  /** What ingest said last; undefined: nothing ever. */
  readonly ingest: IngestSays | undefined;
}

/** The part of ingest's report that speaks of one stream, as ages, so that its clock need not agree with ours. */
export interface IngestSays {
  /** How old the report is. */
  readonly reportAgeMs: number;
  /** How long ingest had been up when it reported. */
  readonly upForMs: number;
  readonly channel: "on" | "stopped" | "failed" | "off" | undefined;
  /** Receipt of its newest event (ingest's clock), and how old that was when it reported; undefined: none yet. */
  readonly newest: { readonly rx: number; readonly ageMs: number } | undefined;
  /** Upstream connections that carry the stream (or, derived, any of its sources). */
  readonly connections: readonly { readonly status: string; readonly frameAgeMs: number | null }[];
}

/** The verdict, with a reason in words an operator can act on. */
export interface StreamVerdict {
  readonly state: StreamState;
  readonly detail: string;
}

const verdict = (state: StreamState, detail: string): StreamVerdict => ({ state, detail });

/** Age of the newest event known of, ms; undefined when none ever was. */
export function eventAgeMs(seen: StreamObservation): number | undefined {
  const own = ownAgeMs(seen);
  const told = seen.ingest?.newest === undefined
    ? undefined
    : seen.ingest.reportAgeMs + seen.ingest.newest.ageMs;
  if (own === undefined) return told === undefined ? undefined : Math.max(0, told);
  return Math.max(0, Math.min(own, told ?? Infinity));
}

/** A receipt further ahead of our clock than this says nothing about age. */
const CLOCK_SLACK_MS = 5_000;

function ownAgeMs(seen: StreamObservation): number | undefined {
  if (seen.headMovedAt !== undefined) return seen.now - seen.headMovedAt;
  if (seen.edgeEventRx === undefined) return undefined;
  const age = seen.now - seen.edgeEventRx;
  return age < -CLOCK_SLACK_MS ? undefined : age;
}

/** Judges one stream. */
export function judgeStream(seen: StreamObservation): StreamVerdict {
  const off = offReason(seen);
  if (off !== undefined) return verdict("off", off);
  if (seen.storeSilentMs > STORE_SILENT_MS) {
    return seen.edgeEventRx === undefined
      ? verdict("down", "the store can't be reached and nothing is held here")
      : verdict("stale", "the store can't be reached; what is held here is served");
  }
  if (isLive(seen)) return verdict("live", "events arrive");
  return faultOf(seen) ?? silence(seen);
}

function offReason(seen: StreamObservation): string | undefined {
  if (seen.planned === false) return "ingest does not publish it";
  if (seen.ingest?.channel === "off") return "not configured";
  if (seen.ingest?.channel === "stopped") return "stopped by an operator";
  return undefined;
}

/** Live by our own eyes, or by ingest's while nobody here wants the stream and so nobody pulls it. */
function isLive(seen: StreamObservation): boolean {
  const { liveForMs } = cadenceOf(seen.stream);
  const own = ownAgeMs(seen);
  if (own !== undefined && own <= liveForMs) return true;
  const { ingest } = seen;
  if (seen.wanted || ingest?.newest === undefined || ingest.reportAgeMs > INGEST_SILENT_MS) return false;
  // Between two reports ingest's data does not age: it was fresh when it was last looked at.
  return ingest.newest.ageMs <= liveForMs;
}

/** What is broken, if anything is: it beats the calendar, for an ingest dead at night is dead at the open too. */
function faultOf(seen: StreamObservation): StreamVerdict | undefined {
  const { ingest } = seen;
  if (ingest === undefined) return verdict("down", "no ingest has reported");
  if (ingest.reportAgeMs > INGEST_SILENT_MS) {
    return verdict("down", `ingest has not reported for ${seconds(ingest.reportAgeMs)}`);
  }
  if (ingest.channel === "failed") return verdict("down", "its channel in ingest failed");
  const up = ingest.connections.some((one) =>
    one.status === "connected" || (one.frameAgeMs !== null && one.frameAgeMs <= UPSTREAM_GRACE_MS)
  );
  if (!up) return verdict("down", "no upstream connection carries it");
  const behindMs = (ingest.newest?.rx ?? -Infinity) - (seen.edgeEventRx ?? -Infinity);
  if (seen.wanted && behindMs > cadenceOf(seen.stream).liveForMs) {
    return verdict("stale", "ingest has newer events than reach this edge");
  }
  return undefined;
}

/** Nothing is broken that we know of, and nothing comes: is that right for this hour? */
function silence(seen: StreamObservation): StreamVerdict {
  if (seen.session === "closed") return verdict("closed", "the market is closed");
  const age = eventAgeMs(seen);
  const silentMs = age ?? seen.ingest?.upForMs ?? 0;
  if (silentMs > silenceLimitMs(seen)) {
    return verdict("stale", `nothing for ${seconds(silentMs)} while the market is open`);
  }
  return verdict("quiet", age === undefined ? "nothing yet" : `nothing for ${seconds(age)}, and nothing due`);
}

/**
 * Longest silence that can be right: short for many symbols in regular hours, long for few, without end for few out
 * of hours.
 */
function silenceLimitMs(seen: StreamObservation): number {
  const { dueAfterMs } = cadenceOf(seen.stream);
  const narrow = seen.plannedSymbols < NARROW_SYMBOLS;
  if (seen.session === "regular") return narrow ? Math.max(15 * MINUTE_MS, dueAfterMs) : dueAfterMs;
  return narrow ? Infinity : Math.max(10 * MINUTE_MS, dueAfterMs);
}

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
