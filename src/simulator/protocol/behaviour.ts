/**
 * How the simulated service behaves right now: the knobs that options set at start and faults turn at run time. One
 * object, shared by every connection; what belongs to one connection alone is in `connection.ts`.
 */
import type { StatusText } from "./status_text.ts";

/**
 * How acknowledgements are framed: all of one request in a frame (seen live in 2026), one frame each (2020 and the
 * official mock), or in the same frame as the data that follows.
 */
export const ACK_FRAMINGS = ["one-frame", "frame-each", "with-data"] as const;
/** One of {@link ACK_FRAMINGS}. */
export type AckFraming = (typeof ACK_FRAMINGS)[number];

/** Units FMV's `t` can come in; live it is ns. */
export const FMV_UNITS = ["ns", "us", "ms"] as const;
/** One of {@link FMV_UNITS}. */
export type FmvUnit = (typeof FMV_UNITS)[number];

/** The knobs. Durations in ms, sizes in bytes. */
export interface Behaviour {
  ackFraming: AckFraming;
  /** How often each acknowledgement is said. */
  ackRepeats: number;
  ackDelayMs: number;
  /** Every n-th acknowledgement never comes; 0: none is lost. */
  ackDropEvery: number;
  /** Channels answered with `not authorized` whatever the plan says. */
  deniedChannels: ReadonlySet<string>;
  /** Channels met with silence, as a retired one would be. */
  silentChannels: ReadonlySet<string>;
  /** Pairs of one prefix a connection may hold; a crossing frame is refused whole. */
  subscriptionLimit: number | undefined;
  /** How often that refusal is repeated in its frame. */
  subscriptionLimitRepeats: number;
  /** Overrides the account's real-time entitlement. */
  realtimeAccess: "delayed" | "unsigned" | undefined;
  /** Which text of `max_connections`, from 1. */
  maxConnectionsVariant: number;
  /** Whether a quota victim's verdict waits for its first acknowledgements. */
  quotaAfter: "auth" | "acks";
  /** The next so many newcomers are refused for quota after their acknowledgements. */
  refuseNewcomers: number;
  /** Answers the next authentications get, whatever their key. */
  nextAuthAnswers: StatusText[];
  /** How long a client may take to authenticate. */
  authTimeoutMs: number;
  /** How long the slot of a client that vanished stays taken. */
  slotReleaseMs: number;
  /** How long the upgrade's answer is followed by nothing. */
  connectedDelayMs: number;
  /** Whether what a client says before `connected` is answered only after it, rather than at once. */
  connectedHoldsAnswers: boolean;
  /** Upgrades to refuse: an HTTP status, or `reset` for a connection cut before any answer. */
  upgradeRefusal: { readonly status: number | "reset"; remaining: number } | undefined;
  /** What a connection may have waiting before it is cut without a close frame. */
  bufferLimitBytes: number;
  /** Largest frame; waiting events are bundled up to it. */
  frameMaxBytes: number;
  fmvUnit: FmvUnit;
  /** Leave out every optional field of generated events. */
  omitOptionals: boolean;
  /** Crypto sizes in exponent form always. */
  exponentSizes: boolean;
}

/** As the real service behaves when nothing is wrong. */
export const normalBehaviour = (): Behaviour => ({
  ackFraming: "one-frame",
  ackRepeats: 1,
  ackDelayMs: 0,
  ackDropEvery: 0,
  deniedChannels: new Set(),
  silentChannels: new Set(),
  subscriptionLimit: undefined,
  subscriptionLimitRepeats: 1,
  realtimeAccess: undefined,
  maxConnectionsVariant: 3,
  quotaAfter: "auth",
  refuseNewcomers: 0,
  nextAuthAnswers: [],
  authTimeoutMs: 10_000,
  slotReleaseMs: 0,
  connectedDelayMs: 0,
  connectedHoldsAnswers: true,
  upgradeRefusal: undefined,
  bufferLimitBytes: 16 * 1024 * 1024,
  frameMaxBytes: 900_000,
  fmvUnit: "ns",
  omitOptionals: false,
  exponentSizes: false,
});
