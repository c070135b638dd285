/**
 * Every open connection, and the one way data reaches them: an event goes to each connection on its feed that holds its
 * pair. Nobody gets what was before its subscription: no replay, no snapshot.
 */
import type { Market } from "../feed/wire_fields.ts";
import type { Connection, ConnectionState } from "./connection.ts";
import { type Cluster, type Host, type RecordedFeed, recordedFeedOf } from "./feed_path.ts";

/** A data event ready to go out. */
export interface OutboundEvent {
  readonly market: Market;
  /** Undefined: both hosts carry it (who gets it is a matter of entitlement). */
  readonly host: Host | undefined;
  /** Its `ev`, which is its prefix. */
  readonly prefix: string;
  /** The symbol as subscriptions spell it (`AAPL`, `BTC-USD`). */
  readonly symbol: string;
  /** The JSON object, sent as it stands. */
  readonly text: string;
}

/** Which connections a fault is about; left out: all of them. */
export interface ConnectionFilter {
  readonly connection?: number | undefined;
  readonly host?: Host | undefined;
  readonly market?: Cluster | undefined;
  readonly account?: string | undefined;
}

/** Published events remembered per type, for faults that send something again. */
const RECENT_EVENTS = 256;

/** See the module. */
export class Hub {
  readonly #connections = new Set<Connection>();
  readonly #recent = new Map<string, OutboundEvent[]>();

  add(connection: Connection): void {
    this.#connections.add(connection);
  }

  remove(connection: Connection): void {
    this.#connections.delete(connection);
  }

  /** Open connections, oldest first. */
  get connections(): readonly Connection[] {
    return [...this.#connections];
  }

  get states(): readonly ConnectionState[] {
    return this.connections.map((connection) => connection.state);
  }

  matching(filter: ConnectionFilter): readonly Connection[] {
    return this.connections.filter((connection) =>
      (filter.connection === undefined || connection.id === filter.connection) &&
      (filter.host === undefined || connection.path.host === filter.host) &&
      (filter.market === undefined || connection.path.cluster === filter.market) &&
      (filter.account === undefined || connection.session.account?.name === filter.account)
    );
  }

  /** Sends events to whoever holds their pairs: one frame a connection, in the order given. */
  publish(events: readonly OutboundEvent[]): void {
    if (events.length === 0) return;
    this.#remember(events);
    for (const connection of this.#connections) {
      const { path, session } = connection;
      if (session.held.size === 0) continue;
      const texts: string[] = [];
      for (const event of events) {
        if (event.market !== path.cluster) continue;
        if (event.host !== undefined && event.host !== path.host) continue;
        if (session.held.wants(event.prefix, event.symbol)) texts.push(event.text);
      }
      connection.deliver(texts);
    }
  }

  /** The last events published of one type, oldest first. */
  recent(prefix: string): readonly OutboundEvent[] {
    return this.#recent.get(prefix)?.slice(-RECENT_EVENTS) ?? [];
  }

  #remember(events: readonly OutboundEvent[]): void {
    for (const event of events) {
      const recent = this.#recent.get(event.prefix);
      if (!recent) this.#recent.set(event.prefix, [event]);
      // Cut back now and then rather than at every event: this is on the path of all data.
      else if (recent.push(event) >= 2 * RECENT_EVENTS) recent.splice(0, recent.length - RECENT_EVENTS);
    }
  }

  /** Feeds with data that somebody has subscribed something on. */
  get subscribedFeeds(): ReadonlySet<RecordedFeed> {
    const feeds = new Set<RecordedFeed>();
    for (const connection of this.#connections) {
      const feed = recordedFeedOf(connection.path);
      if (feed !== undefined && connection.session.held.size > 0) feeds.add(feed);
    }
    return feeds;
  }
}
