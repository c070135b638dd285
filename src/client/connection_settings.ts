/** What a {@link Connection} is made of, and whom it tells. */
import type { ClientError } from "./failure.ts";
import type { LinkContext, OpenLink, Transport } from "./link.ts";
import type { ServerMessage } from "./message.ts";
import type { Platform } from "./platform.ts";
import type { Status } from "./status.ts";
import type { TokenKeeper } from "./token_keeper.ts";

/** What a connection is made of. */
export interface ConnectionSettings {
  readonly platform: Platform;
  /** Addresses of equal servers, tried in turn. */
  readonly bases: readonly string[];
  readonly transports: readonly Transport[];
  readonly openers: Readonly<Record<Transport, OpenLink>>;
  readonly tokens: TokenKeeper;
  readonly maxAttempts: number;
  readonly backoffCapMs: number;
  readonly pingIntervalMs: number;
  readonly upgradeIntervalMs: number;
  readonly context: Pick<LinkContext, "wants" | "cursorOf" | "pollIntervalMs">;
}

/** Whom it tells. */
export interface ConnectionEvents {
  onMessage(message: ServerMessage): void;
  onGarbage(): void;
  onStatus(status: Status): void;
  onError(error: ClientError): void;
  onRoundTrip(ms: number): void;
}
