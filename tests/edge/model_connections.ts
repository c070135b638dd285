/** The transports as a model client uses them: connect, read, stall, change its mind, drop. */
import type { Change } from "./model_asked.ts";
import type { ModelClient } from "./model_client.ts";
import type { Random } from "./model_random.ts";
import type { Rig } from "./edge_rig.ts";

/** One connection of a client, over a network that a test holds. */
export interface Connection {
  /** Reads what there is; false when the connection is gone. */
  read(): Promise<boolean>;
  /** Stops reading, or goes on with it. */
  stall(): void;
  /** Asks for something else from now on, where the transport can without connecting anew. */
  change(change: Change): void;
  drop(): void;
}

/** Opens one. */
export type Connect = (rig: Rig, client: ModelClient, random: Random) => Connection;

/** The header by which the rigs of the model know a client's tier. */
export const TIER_HEADER = "x-tier";
