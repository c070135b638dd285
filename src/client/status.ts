/** How the connection stands, for a status light and for programs. */
import type { ClientError } from "./failure.ts";
import type { Transport } from "./link.ts";

/** One of these at any time; `onStatusChange` tells every change. */
export type Status =
  /** `connect()` was not called yet. */
  | { readonly state: "idle" }
  /** Trying `transport`; `attempt` failures in a row came before. */
  | { readonly state: "connecting"; readonly transport: Transport; readonly attempt: number }
  | { readonly state: "open"; readonly transport: Transport; readonly edge: string | undefined }
  /** Between two tries. */
  | {
    readonly state: "waiting";
    readonly transport: Transport;
    readonly attempt: number;
    readonly retryInMs: number;
    readonly reason: string;
  }
  /** Closed for as long as the page is hidden or frozen; goes on at its cursor afterwards. */
  | { readonly state: "paused" }
  /** By `disconnect()`, or for the error given; `connect()` begins again. */
  | { readonly state: "closed"; readonly error: ClientError | undefined };

/** What a status light shows: green flows, yellow is on its way, red needs somebody. */
export function lightOf(status: Status): "green" | "yellow" | "red" {
  if (status.state === "open") return "green";
  return status.state === "closed" ? "red" : "yellow";
}
