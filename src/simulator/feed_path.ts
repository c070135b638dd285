/**
 * Which feed a socket is on: the path of its upgrade. Real-time hosts answer under `/`, the business host under
 * `/business/` (one port stands for both of Massive's hosts).
 */
import { type Market, MARKETS } from "../feed/wire_fields.ts";

/** Massive's two kinds of host that matter here. */
export type Host = "realtime" | "business";

/** Feeds a recording can name. */
export const RECORDED_FEEDS = ["stocks", "business", "crypto", "business/crypto"] as const;
/** One of {@link RECORDED_FEEDS}. */
export type RecordedFeed = (typeof RECORDED_FEEDS)[number];

/** Whether something names a feed of a recording. */
export const isRecordedFeed = (text: unknown): text is RecordedFeed =>
  RECORDED_FEEDS.some((feed) => feed === text);

/** Clusters of Massive; those without data here connect, authenticate, acknowledge and stay silent. */
export const CLUSTERS = ["stocks", "options", "forex", "crypto", "indices", "futures"] as const;
/** One of {@link CLUSTERS}. */
export type Cluster = (typeof CLUSTERS)[number];

/** Where a socket connected. */
export interface FeedPath {
  readonly host: Host;
  readonly cluster: Cluster;
}

const FUTURES_EXCHANGES = new Set(["cme", "cbot", "nymex", "comex"]);

const isCluster = (text: string | undefined): text is Cluster => CLUSTERS.some((cluster) => cluster === text);

/** Reads the path of an upgrade; undefined for one Massive would answer with 404. */
export function parseFeedPath(path: string): FeedPath | undefined {
  const parts = (path.split("?", 1)[0] ?? "").split("/").filter((part) => part !== "");
  const host: Host = parts[0] === "business" ? "business" : "realtime";
  if (host === "business") parts.shift();
  const [cluster, exchange, ...more] = parts;
  if (!isCluster(cluster) || more.length > 0) return undefined;
  if (exchange !== undefined && !(cluster === "futures" && FUTURES_EXCHANGES.has(exchange))) return undefined;
  return { host, cluster };
}

/** The recording's name of a feed. Markets without data have none. */
export function recordedFeedOf(path: FeedPath): RecordedFeed | undefined {
  if (path.cluster === "stocks") return path.host === "business" ? "business" : "stocks";
  if (path.cluster === "crypto") return path.host === "business" ? "business/crypto" : "crypto";
  return undefined;
}

/** The feed a recording's name stands for. */
export function feedPathOf(feed: RecordedFeed): FeedPath & { readonly cluster: Market } {
  return {
    host: feed.startsWith("business") ? "business" : "realtime",
    cluster: feed.endsWith("crypto") ? "crypto" : "stocks",
  };
}

/** Whether a cluster is one with data. */
export const hasData = (cluster: Cluster): cluster is Market => MARKETS.some((market) => market === cluster);
