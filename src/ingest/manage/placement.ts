/**
 * Where every ticker is at home, and where it rides besides. Looked up on control paths and read by the manager, which
 * makes each connection's wanted topics of it. Nothing here knows a socket.
 */
import { marketOfSymbol } from "../../feed/market_calendar.ts";
import { FREQUENCIES, type Frequency } from "../../feed/stream.ts";
import type { Market } from "../../feed/wire_fields.ts";
import type { PlannedConnection, TickersByFrequency } from "../plan/planned_connection.ts";
import { ALL, topicsOf } from "../wire/subscription_topics.ts";

/** A connection as far as routing cares. */
export type Lane = Pick<PlannedConnection, "id" | "name" | "feed" | "market" | "frequencies">;

/** Homes are kept by frequency and ticker; a market's `*` has a key of its own. */
const keyOf = (ticker: string, market: Market): string => ticker === ALL ? `* ${market}` : ticker;

/** See the file's head. */
export class Placement {
  readonly #lanes = new Map<string, Lane>();
  readonly #homes = new Map<Frequency, Map<string, string>>(FREQUENCIES.map((one) => [one, new Map()]));
  readonly #tickers = new Map<string, Map<Frequency, Set<string>>>();
  #twins = new Map<string, TickersByFrequency>();
  readonly #off = new Set<Frequency>();
  readonly #known = new Map<string, { readonly version: number; readonly topics: ReadonlySet<string> }>();
  /** Moves whenever {@link topics} of any connection may have changed. */
  version = 0;

  constructor(readonly tickEvents: readonly ("A" | "T")[]) {}

  /** Connections in their order. */
  get lanes(): readonly Lane[] {
    return [...this.#lanes.values()];
  }

  lane(id: string): Lane | undefined {
    return this.#lanes.get(id);
  }

  /** Connections of a market that carry a frequency. */
  carriers(market: Market, frequency: Frequency): readonly Lane[] {
    return this.lanes.filter((lane) => lane.market === market && lane.frequencies.includes(frequency));
  }

  /** Adds a connection, with nothing on it. */
  addLane(lane: Lane): void {
    this.#lanes.set(lane.id, lane);
    this.#tickers.set(lane.id, new Map());
    this.version++;
  }

  /** Removes a connection with everything at home on it. */
  removeLane(id: string): void {
    for (const [frequency, tickers] of this.tickers(id)) {
      for (const ticker of tickers) this.remove(frequency, ticker, id);
    }
    this.#lanes.delete(id);
    this.#tickers.delete(id);
    this.#twins.delete(id);
    this.#known.delete(id);
    this.version++;
  }

  /** The connection a ticker is at home on, by itself or under its market's `*`. */
  home(frequency: Frequency, ticker: string): string | undefined {
    const homes = this.#homes.get(frequency);
    return homes?.get(ticker) ?? homes?.get(keyOf(ALL, marketOfSymbol(ticker)));
  }

  /** Whether exactly this ticker (or `*`) was placed. */
  isPlaced(frequency: Frequency, ticker: string, market: Market): boolean {
    return this.#homes.get(frequency)?.has(keyOf(ticker, market)) ?? false;
  }

  /** Gives a ticker a home, from wherever it was. */
  place(frequency: Frequency, ticker: string, id: string): void {
    const lane = this.#lanes.get(id);
    if (lane === undefined) return;
    const key = keyOf(ticker, lane.market);
    const before = this.#homes.get(frequency)?.get(key);
    if (before === id) return;
    if (before !== undefined) this.#tickers.get(before)?.get(frequency)?.delete(ticker);
    this.#homes.get(frequency)?.set(key, id);
    const mine = this.#tickers.get(id);
    const set = mine?.get(frequency) ?? new Set();
    mine?.set(frequency, set.add(ticker));
    this.version++;
  }

  /** Takes a ticker off the connection it is at home on. */
  remove(frequency: Frequency, ticker: string, id: string): void {
    const lane = this.#lanes.get(id);
    if (lane === undefined) return;
    this.#homes.get(frequency)?.delete(keyOf(ticker, lane.market));
    this.#tickers.get(id)?.get(frequency)?.delete(ticker);
    this.version++;
  }

  /** What is at home on a connection; frequencies without any are left out. */
  tickers(id: string): TickersByFrequency {
    const found = new Map<Frequency, readonly string[]>();
    for (const [frequency, tickers] of this.#tickers.get(id) ?? []) {
      if (tickers.size > 0) found.set(frequency, [...tickers]);
    }
    return found;
  }

  /** How many different tickers are at home on a connection. */
  count(id: string): number {
    const sets = [...this.#tickers.get(id)?.values() ?? []].filter((set) => set.size > 0);
    return sets.length === 1 ? sets[0]?.size ?? 0 : new Set(sets.flatMap((set) => [...set])).size;
  }

  /** Sets where critical symbols ride a second time. */
  setTwins(twins: ReadonlyMap<string, TickersByFrequency>): void {
    this.#twins = new Map(twins);
    this.version++;
  }

  /** Connections that carry a ticker a second time. */
  twinsOf(frequency: Frequency, ticker: string): readonly string[] {
    return [...this.#twins].filter(([, tickers]) => tickers.get(frequency)?.includes(ticker)).map(([id]) =>
      id
    );
  }

  /** Switches a whole frequency: while off, none of its topics is wanted. */
  setOn(frequency: Frequency, isOn: boolean): void {
    if (isOn ? this.#off.delete(frequency) : !this.#off.has(frequency)) this.version++;
    if (!isOn) this.#off.add(frequency);
  }

  /** Topics of what is at home on a connection. */
  homeTopics(id: string): Set<string> {
    return this.#topics(id, this.tickers(id));
  }

  /** Topics a connection should carry by itself: what is at home on it and what rides on it a second time. */
  topics(id: string): ReadonlySet<string> {
    const known = this.#known.get(id);
    if (known?.version === this.version) return known.topics;
    const topics = this.homeTopics(id);
    for (const topic of this.#topics(id, this.#twins.get(id) ?? new Map())) topics.add(topic);
    this.#known.set(id, { version: this.version, topics });
    return topics;
  }

  #topics(id: string, tickers: TickersByFrequency): Set<string> {
    const market = this.#lanes.get(id)?.market;
    const topics = new Set<string>();
    if (market === undefined) return topics;
    for (const [frequency, list] of tickers) {
      if (this.#off.has(frequency)) continue;
      for (const ticker of list) {
        for (const topic of topicsOf(market, frequency, ticker, this.tickEvents)) topics.add(topic);
      }
    }
    return topics;
  }
}
