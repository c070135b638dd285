/** What the account's quota does to connections, and when a slot is free again. */
import { z } from "zod";
import { isAbort } from "../../feed/clock.ts";
import { CLUSTERS } from "../feed_path.ts";
import { MAX_CONNECTIONS_TEXTS } from "../protocol/status_text.ts";
import { DurationMs, type Fault, fault, type FaultWorld, Times } from "./fault.ts";

const whose = { market: z.enum(CLUSTERS).optional(), account: z.string().optional() };

/** Evicts the oldest again and again, as a second program on the same key does. */
async function wageWar(
  { quota, clock, signal }: FaultWorld,
  where: { market?: (typeof CLUSTERS)[number] | undefined; account?: string | undefined },
  everyMs: number,
  times: number,
): Promise<void> {
  try {
    for (let n = 0; n < times; n++) {
      await clock.sleep(everyMs, signal);
      quota.evictOldest(where.market, where.account);
    }
  } catch (error) {
    if (!isAbort(error, signal)) throw error;
  }
}

/** See the module. */
export const quotaFaults: readonly Fault[] = [
  fault({
    numbers: [4],
    name: "evict_oldest",
    summary:
      "The oldest connection is told max_connections while streaming, then closed with 1008 and no reason.",
    params: whose,
    run: ({ quota }, { market, account }) => void quota.evictOldest(market, account),
  }),
  fault({
    numbers: [5],
    name: "refuse_newcomers",
    summary: "The next newcomers authenticate, get their acknowledgements, then max_connections and 1008.",
    params: { times: Times },
    run: ({ behaviour }, { times }) => {
      behaviour.refuseNewcomers = times;
    },
  }),
  fault({
    numbers: [6],
    name: "eviction_war",
    summary: "A second program fights for the slot: the oldest connection is evicted every so often.",
    params: { ...whose, every_ms: DurationMs.min(1), times: Times },
    run: (world, { every_ms, times, ...where }) => void wageWar(world, where, every_ms, times),
  }),
  fault({
    numbers: [5],
    name: "quota_after",
    summary:
      "Whether somebody over quota is told right after auth_success or only after the first acknowledgements.",
    params: { when: z.enum(["auth", "acks"]) },
    run: ({ behaviour }, { when }) => {
      behaviour.quotaAfter = when;
    },
  }),
  fault({
    numbers: [30],
    name: "slot_release",
    summary: "The slot of a client that vanished without a close frame stays taken so long.",
    params: { delay_ms: DurationMs },
    run: ({ behaviour }, { delay_ms }) => {
      behaviour.slotReleaseMs = delay_ms;
    },
  }),
  fault({
    numbers: [32],
    name: "max_connections_text",
    summary: "Which of the texts seen with max_connections is sent.",
    params: { variant: z.number().int().min(1).max(MAX_CONNECTIONS_TEXTS.length) },
    run: ({ behaviour }, { variant }) => {
      behaviour.maxConnectionsVariant = variant;
    },
  }),
];
