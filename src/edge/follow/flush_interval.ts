/** How often a subscription is flushed: the largest of its tier's, its stream's and its own wish. Pure. */
import type { EdgeSettings, Tier } from "../../feed/settings/settings.ts";
import { FREQUENCIES } from "../../feed/stream.ts";
import type { StreamSpec } from "../../feed/stream.ts";

/** Least time between two flushes, by tier. Free gets the latest once a second. */
export const TIER_FLUSH_MS: Readonly<Record<Tier, number>> = { premium: 25, standard: 100, free: 1000 };

/** `max_hz` a client may ask for: from one flush in 1000 s. */
export const MAX_HZ_MIN = 0.001;
export const MAX_HZ_MAX = 1000;

/** Timers of the platform are no finer than this; what is due within it is due now. */
export const FLUSH_SLACK_MS = 0.5;

/** Up to here intervals are whole multiples of 5 ms, beyond it of 50 ms: like-minded clients share their ticks. */
const FINE_UP_TO_MS = 100;

/** The stream's own floor, from settings where it has one. */
export function streamFloorMs(spec: StreamSpec, floors: EdgeSettings["flushFloorMs"]): number {
  const frequency = FREQUENCIES.find((name) => name === spec.name);
  return frequency === undefined ? spec.flushFloorMs : floors[frequency];
}

/** In ms; `max_hz` is never exceeded. */
export const flushIntervalMs = (tier: Tier, floorMs: number, maxHz: number | undefined): number =>
  Math.max(TIER_FLUSH_MS[tier], floorMs, wishMs(maxHz));

/**
 * What a tier holds its clients to however they ask, ms. Nothing for premium: what that and a stream flush by only gathers
 * events into frames.
 */
export const tierPaceMs = (tier: Tier): number => tier === "premium" ? 0 : TIER_FLUSH_MS[tier];

/** What a client's own `max_hz` holds it to, ms; 0 without one. */
export function wishMs(maxHz: number | undefined): number {
  const ms = maxHz === undefined ? 0 : 1000 / maxHz;
  const stepMs = ms <= FINE_UP_TO_MS ? 5 : 50;
  return Math.ceil(ms / stepMs - 1e-9) * stepMs;
}
