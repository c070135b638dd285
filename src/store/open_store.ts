/** Opens the store the settings name. The only entry of this room besides {@link "./key_names.ts"}. */
import type { Clock, Random } from "../feed/clock.ts";
import { TickcastError } from "../feed/error.ts";
import type { Log } from "../feed/log.ts";
import type { StoreSettings } from "../feed/settings/settings.ts";
import type { FeedStore } from "../feed/store.ts";
import { createMemoryStore } from "./memory_store.ts";

/** What a store needs of the program. */
export interface StoreDeps {
  readonly clock: Clock;
  /** Spreads reconnection. */
  readonly random: Random;
  readonly log: Log;
  /** `KEY_PREFIX`: every key begins `<prefix>:`. */
  readonly keyPrefix: string;
}

/**
 * Opens a store. Never rejects because Redis can't be reached or refuses us: every call says so, and it is retried.
 * Disposing it closes connections and ends `hints`.
 */
// deno-lint-ignore require-await
export async function openStore(settings: StoreSettings, deps: StoreDeps): Promise<FeedStore> {
  switch (settings.transport) {
    case "memory":
      return createMemoryStore(deps.clock);
    case "tcp":
    case "rest":
      throw new TickcastError("INTERNAL", "Cannot open a Redis store as it is not built yet");
  }
}
