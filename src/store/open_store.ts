/**
 * Opens the store the settings name: what the rest of the program knows of this room. The Redis clients are loaded only
 * where they are used: role `all` without Redis, and an edge over REST, carry neither's weight.
 */
import type { Clock, Random } from "../feed/clock.ts";
import type { Log } from "../feed/log.ts";
import type { StoreSettings } from "../feed/settings/settings.ts";
import type { FeedStore } from "../feed/store.ts";
import { createMemoryStore } from "./memory/memory_store.ts";
import { UsageMeter } from "./usage_meter.ts";

/** What a store needs of the program. */
export interface StoreDeps {
  readonly clock: Clock;
  /** Spreads reconnection. */
  readonly random: Random;
  readonly log: Log;
  /** `KEY_PREFIX`: every key begins `<prefix>:`. */
  readonly keyPrefix: string;
}

/** How long opening waits for the first connection before it goes on without, in ms. */
const OPEN_WAIT_MS = 2000;

/**
 * Opens a store. Never rejects because Redis can't be reached or refuses us: every call says so, and it is tried again in
 * the background. Disposing it closes its connections; open `hints` then throw.
 */
export async function openStore(settings: StoreSettings, deps: StoreDeps): Promise<FeedStore> {
  switch (settings.transport) {
    case "memory":
      return createMemoryStore(deps.clock);
    case "tcp":
      return await openTcp(settings.url, deps);
    case "rest":
      return await openRest(settings.url, settings.token, deps);
  }
}

async function openTcp(url: string, deps: StoreDeps): Promise<FeedStore> {
  const { TcpTransport } = await import("./tcp/tcp_transport.ts");
  const { createRedisStore } = await import("./redis/redis_store.ts");
  const usage = new UsageMeter();
  const log = deps.log.child("store");
  const transport = new TcpTransport({ ...deps, url, log }, usage);
  const waited = new AbortController();
  await Promise.race([transport.attempted, deps.clock.sleep(OPEN_WAIT_MS, waited.signal).catch(() => {})]);
  waited.abort();
  return createRedisStore({ ...deps, log, transport, usage });
}

async function openRest(url: string, token: string, deps: StoreDeps): Promise<FeedStore> {
  const { RestTransport } = await import("./rest/rest_transport.ts");
  const { createRedisStore } = await import("./redis/redis_store.ts");
  const usage = new UsageMeter();
  const transport = new RestTransport({ ...deps, url, token }, usage);
  return createRedisStore({ ...deps, log: deps.log.child("store"), transport, usage });
}
