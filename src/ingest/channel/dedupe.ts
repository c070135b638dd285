/**
 * Tells repeats and corrections from news, for one stream. Repeats are sent by reconnects, restarts, two connections
 * that carry the same symbol, and by the upstream itself, which sends a bar again whenever a late trade changes it.
 *
 * Exact for the newest {@link IDENTITIES_PER_GENERATION} identities at least, and for what was seeded from the lists.
 * Content is compared by a 53-bit hash: two different contents of one window pass for equal once in 9·10^15 corrections.
 */
import type { Bar, FeedEvent, Trade } from "../../feed/event.ts";
import { identityOf } from "../../feed/event.ts";
import { encodeEvent } from "../../feed/event_text.ts";
import { hashText } from "./hash_text.ts";

/** Two generations of so many are kept; the older goes when the newer is full. */
export const IDENTITIES_PER_GENERATION = 50_000;
/** Versions of one bar window remembered; a bar is sent again for 15 min at most. */
export const VERSIONS_MAX = 64;
/** Trade ids may begin again with a new session: the same id so far apart is another trade. */
const TRADE_ID_LIFE_MS = 12 * 3_600_000;

/** What an event is. `correction` and `new` are forwarded as the `event` given back. */
export type Verdict =
  | { readonly kind: "new" | "correction"; readonly event: FeedEvent }
  | { readonly kind: "repeat" };

/** A bar window of which more than one version was seen, or that was corrected before. */
interface Versions {
  readonly hashes: number[];
  rev: number;
  synthetic: boolean;
  /** How many of the versions each connection has sent. */
  readonly sentBy: Map<string, number>;
}

/** Trades without id of equal content: how many were forwarded, how many each connection sent. */
interface Twins {
  forwarded: number;
  readonly sentBy: Map<string, number>;
}

/** Per identity: a trade's time, a lone bar version's hash, or more when there was more. */
type Memory = number | Versions | Twins;

const REPEAT: Verdict = { kind: "repeat" };

/** See the file's own description. */
export class Dedupe {
  #newer = new Map<string, Memory>();
  #older = new Map<string, Memory>();
  readonly #latestHash = new Map<string, string>();
  readonly #generation: number;

  constructor(identitiesPerGeneration = IDENTITIES_PER_GENERATION) {
    this.#generation = identitiesPerGeneration;
  }

  /** Identities remembered. */
  get size(): number {
    return this.#newer.size + this.#older.size;
  }

  /** Judges an event that `connection` sent, and remembers it. `text` is the event encoded, if the caller has it. */
  judge(event: FeedEvent, connection: string, text?: string): Verdict {
    switch (event.type) {
      case "second":
      case "minute":
        return this.#judgeBar(event, connection, contentHash(event, text));
      case "trade":
        return this.#judgeTrade(event, connection, text);
      case "heatmap":
        return this.#judgeHeatmap(event.sym, event.hash) ? { kind: "new", event } : REPEAT;
      default: {
        const key = identityOf(event);
        if (key !== undefined && this.#recall(key) !== undefined) return REPEAT;
        if (key !== undefined) this.#remember(key, event.t);
        return { kind: "new", event };
      }
    }
  }

  /** Takes in an event that stands in a list already (its `rev` as it is there). */
  seed(event: FeedEvent): void {
    if (event.type === "second" || event.type === "minute") return this.#seedBar(event);
    if (event.type === "heatmap") this.#latestHash.set(event.sym, event.hash);
    const key = identityOf(event);
    if (key !== undefined) this.#remember(key, event.t);
  }

  #judgeTrade(trade: Trade, connection: string, text: string | undefined): Verdict {
    const key = identityOf(trade);
    if (key === undefined) {
      return this.#judgeTwin(trade, connection, `?|${trade.sym}|${trade.t}|${contentHash(trade, text)}`);
    }
    const seenAt = this.#recall(key);
    if (typeof seenAt === "number" && Math.abs(trade.t - seenAt) < TRADE_ID_LIFE_MS) return REPEAT;
    this.#remember(key, trade.t);
    return { kind: "new", event: trade };
  }

  /**
   * A trade without id never repeats within one connection. Over several, the n-th of equal content on one is the n-th on
   * another: as many are forwarded as the connection that sent most of them did.
   */
  #judgeTwin(trade: Trade, connection: string, key: string): Verdict {
    const known = this.#recall(key);
    const twins: Twins = isTwins(known) ? known : { forwarded: 0, sentBy: new Map() };
    if (twins !== known) this.#remember(key, twins);
    const sent = (twins.sentBy.get(connection) ?? 0) + 1;
    twins.sentBy.set(connection, sent);
    if (sent <= twins.forwarded) return REPEAT;
    twins.forwarded = sent;
    return { kind: "new", event: trade };
  }

  #judgeHeatmap(symbol: string, hash: string): boolean {
    const changed = this.#latestHash.get(symbol) !== hash;
    this.#latestHash.set(symbol, hash);
    return changed;
  }

  #judgeBar(bar: Bar, connection: string, hash: number): Verdict {
    const key = `${bar.type}|${bar.sym}|${bar.t}`;
    const known = this.#recall(key);
    if (known === undefined || isTwins(known)) {
      const lone = isSynthetic(bar) || bar.rev !== undefined;
      this.#remember(key, lone ? newVersions(hash, bar, connection) : hash);
      return { kind: "new", event: bar };
    }
    if (known === hash) return REPEAT;
    const versions = typeof known === "number" ? unknownFirst(known) : known;
    if (versions !== known) this.#remember(key, versions);
    return judgeVersion(versions, bar, hash, connection);
  }

  #seedBar(bar: Bar): void {
    const key = `${bar.type}|${bar.sym}|${bar.t}`;
    const known = this.#recall(key);
    const hash = contentHash(bar, undefined);
    const rev = bar.rev ?? 0;
    if (known === undefined || isTwins(known)) {
      this.#remember(key, rev === 0 && !isSynthetic(bar) ? hash : newVersions(hash, bar, ""));
      return;
    }
    if (known === hash && rev === 0) return;
    const versions = typeof known === "number" ? unknownFirst(known) : known;
    if (!versions.hashes.includes(hash)) addVersion(versions, hash);
    if (rev >= versions.rev) versions.synthetic = isSynthetic(bar);
    versions.rev = Math.max(versions.rev, rev);
    this.#remember(key, versions);
  }

  #recall(key: string): Memory | undefined {
    return this.#newer.get(key) ?? this.#older.get(key);
  }

  #remember(key: string, memory: Memory): void {
    if (this.#newer.size >= this.#generation && !this.#newer.has(key)) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(key, memory);
  }
}

/**
 * Each connection sends the versions of a window in their order, so what a lagging one sends is a repeat of a version
 * from where it stands on; a version it sent already, coming after another, is a correction back to it.
 */
function judgeVersion(versions: Versions, bar: Bar, hash: number, connection: string): Verdict {
  const stands = versions.sentBy.get(connection) ?? 0;
  const again = versions.hashes.indexOf(hash, Math.max(0, stands - 1));
  if (again >= 0) {
    versions.sentBy.set(connection, again + 1);
    return REPEAT;
  }
  // What was built here never replaces what the upstream said.
  if (isSynthetic(bar) && !versions.synthetic) return REPEAT;
  addVersion(versions, hash);
  versions.sentBy.set(connection, versions.hashes.length);
  versions.synthetic = isSynthetic(bar);
  versions.rev++;
  return { kind: "correction", event: { ...bar, rev: versions.rev } };
}

function addVersion(versions: Versions, hash: number): void {
  versions.hashes.push(hash);
  if (versions.hashes.length <= VERSIONS_MAX) return;
  versions.hashes.shift();
  for (const [connection, sent] of versions.sentBy) versions.sentBy.set(connection, Math.max(0, sent - 1));
}

const newVersions = (hash: number, bar: Bar, connection: string): Versions => ({
  hashes: [hash],
  rev: bar.rev ?? 0,
  synthetic: isSynthetic(bar),
  sentBy: new Map(connection === "" ? [] : [[connection, 1]]),
});

/** A window of which one true version was seen; nobody noted from where, so a late copy of it counts as a repeat. */
const unknownFirst = (hash: number): Versions => ({
  hashes: [hash],
  rev: 0,
  synthetic: false,
  sentBy: new Map(),
});

const isTwins = (memory: Memory | undefined): memory is Twins =>
  typeof memory === "object" && "forwarded" in memory;

const isSynthetic = (bar: Bar): boolean => bar.type === "minute" && bar.synthetic === true;

/**
 * Of what an event says beside its common keys: not when it came, not its `rev`. That is the end of its text, as the common
 * keys come first (`event_text.ts`).
 */
function contentHash(event: FeedEvent, text: string | undefined): number {
  if (text === undefined || "rev" in event) {
    const { rev: _rev, ...content } = event as FeedEvent & { rev?: number };
    return hashText(contentOf(encodeEvent(content as FeedEvent).text));
  }
  return hashText(contentOf(text));
}

const RX_KEY = '"rx":';
const contentOf = (text: string): string =>
  text.slice(text.indexOf(",", text.indexOf(RX_KEY) + RX_KEY.length));
