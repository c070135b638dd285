/**
 * Who leads: one ingest at a time holds the lease in the store and with it the right to connect upstream and to append. The
 * others stand by without a socket. A leader that died is replaced within {@link LEASE_MS} twice and a poll; one that stopped
 * cleanly, at the next poll. Safety is the fence's business, not this timing's: a paused old leader that wakes can't write.
 */
import { type Clock, isAbort } from "../feed/clock.ts";
import { describeError } from "../feed/error.ts";
import type { Log } from "../feed/log.ts";
import type { Lease, LeaseStore } from "../feed/store.ts";
import { LeaseWatch } from "./lease_watch.ts";
import { within } from "../feed/time_limit.ts";

/** How long a lease holds without being renewed. */
export const LEASE_MS = 5_000;
/**
 * How often a leader renews (two renewals may fail before anybody else may think of taking it) and a standby looks, by transport.
 * Over REST a renewal is four billed commands and a look two, so both are rarer there.
 */
export const LEASE_PACE: Readonly<Record<"memory" | "tcp" | "rest", { renewMs: number; pollMs: number }>> = {
  memory: { renewMs: 1_500, pollMs: 1_000 },
  tcp: { renewMs: 1_500, pollMs: 1_000 },
  rest: { renewMs: 2_000, pollMs: 2_000 },
};
/** Looks further apart than this don't show that the store worked in between. */
export const LOOKS_APART_MS = 3_000;
/** Giving the lease back on a clean stop. */
export const RELEASE_LIMIT_MS = 2_000;

/** What a standby has seen of the store; times are the store's own clock, Unix ms. */
export interface Looks {
  /** Start of the present run of successful looks. */
  readonly workingSince: number;
  readonly lastLook: number;
}

/** Takes a successful look into account; a long pause before it starts a new run. */
export function nextLooks(looks: Looks | undefined, nowMs: number): Looks {
  const isRun = looks !== undefined && nowMs - looks.lastLook <= LOOKS_APART_MS;
  return { workingSince: isRun ? looks.workingSince : nowMs, lastLook: nowMs };
}

/**
 * Whether a standby may take the lease: nobody's, given up, or run out for a whole lease time during which the standby
 * itself could reach the store. After an outage of the store its holder so has the first chance to renew.
 */
export function mayTake(lease: Lease | undefined, looks: Looks): boolean {
  if (lease === undefined || lease.owner === "") return true;
  return lease.nowMs >= Math.max(lease.untilMs, looks.workingSince) + LEASE_MS;
}

/** One time of leading. */
export interface Term {
  readonly fence: number;
  /** Aborts when the lease is somebody else's. */
  readonly lost: AbortSignal;
  /** Unix ms since when nobody may have listened to the upstream; undefined when nobody ever did. */
  readonly missedSince: number | undefined;
  /** The lists may be an older copy than what readers hold, so that they must begin again. */
  readonly mayHaveGoneBack: boolean;
}

/** What leadership needs. */
export interface LeadershipOptions {
  readonly store: LeaseStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Unique to this process. */
  readonly owner: string;
  readonly renewMs: number;
  readonly pollMs: number;
  /** How often the way to the store broke so far. */
  readonly interruptions?: () => number;
}

/** See the file's head. */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #watch = new LeaseWatch();
  #fence: number | undefined;
  #storeUp = true;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  /** The fence while leading. */
  get fence(): number | undefined {
    return this.#fence;
  }

  /** Whether the last call to the store went well. */
  get isStoreUp(): boolean {
    return this.#storeUp;
  }

  /**
   * Stands by and leads in turn until the signal aborts. `lead` runs one term: it ends when the term is lost, or when the same
   * `signal` aborts and it has finished what it wants to finish; the lease is kept that long, then given back.
   */
  async run(lead: (term: Term) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const taken = await this.#standBy(signal);
      if (taken === undefined) return;
      await this.#leadTerm(taken.lease, taken.before, lead);
    }
  }

  async #standBy(
    signal: AbortSignal,
  ): Promise<{ lease: Lease; before: Lease | undefined } | undefined> {
    const { store, owner } = this.#options;
    let looks: Looks | undefined;
    while (!signal.aborted) {
      const seen = await this.#call((inner) => store.readLease(inner), signal);
      if (!seen.ok) {
        looks = undefined;
        this.#watch.missed();
      } else {
        this.#watch.see(seen.value, this.#options.interruptions?.());
        const now = seen.value?.nowMs;
        looks = nextLooks(looks, now ?? 0);
        if (mayTake(seen.value, looks)) {
          const fence = seen.value?.fence ?? 0;
          const taken = await this.#call((inner) => store.takeLease(owner, fence, LEASE_MS, inner), signal);
          if (taken.ok && taken.value !== undefined) {
            return { lease: taken.value, before: seen.value };
          }
        }
      }
      await this.#pause(this.#options.pollMs, signal);
    }
    return undefined;
  }

  async #leadTerm(
    lease: Lease,
    before: Lease | undefined,
    lead: (term: Term) => Promise<void>,
  ): Promise<void> {
    const { log } = this.#options;
    const since = missedSince(before);
    const mayHaveGoneBack = this.#watch.mayHaveGoneBack(before);
    this.#watch.see(lease);
    const lost = new AbortController();
    const over = new AbortController();
    this.#fence = lease.fence;
    log.info("lease_taken", { fence: lease.fence, missed_since: since, may_have_gone_back: mayHaveGoneBack });
    const renewing = this.#renew(lease.fence, lost, over.signal);
    try {
      await lead({ fence: lease.fence, lost: lost.signal, missedSince: since, mayHaveGoneBack });
    } finally {
      over.abort();
      await renewing;
      this.#fence = undefined;
      if (!lost.signal.aborted) await this.#release(lease.fence);
    }
  }

  async #renew(fence: number, lost: AbortController, over: AbortSignal): Promise<void> {
    const { store, log } = this.#options;
    while (!over.aborted) {
      await this.#pause(this.#options.renewMs, over);
      if (over.aborted) return;
      const renewed = await this.#call((inner) => store.renewLease(fence, LEASE_MS, inner), over);
      if (!renewed.ok || renewed.value) continue;
      log.warning("lease_lost", { fence });
      lost.abort();
      return;
    }
  }

  async #release(fence: number): Promise<void> {
    const { store, clock, log } = this.#options;
    try {
      await within(
        { clock, limitMs: RELEASE_LIMIT_MS, signal: undefined },
        (inner) => store.releaseLease(fence, inner),
      );
      log.info("lease_released", { fence });
    } catch (error) {
      log.warning("lease_not_released", { fence, error: describeError(error) });
    }
  }

  /** A store call with a time limit; failures are told once per outage and are nobody's to handle. */
  async #call<T>(
    call: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false }> {
    const { clock, log } = this.#options;
    try {
      const value = await within({ clock, limitMs: LEASE_MS, signal }, call);
      if (!this.#storeUp) log.info("lease_store_back", {});
      this.#storeUp = true;
      return { ok: true, value };
    } catch (error) {
      if (!isAbort(error, signal) && this.#storeUp) {
        this.#storeUp = false;
        log.warning("lease_store_away", { error: describeError(error) });
      }
      return { ok: false };
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.clock.sleep(ms, signal);
    } catch (error) {
      if (!isAbort(error, signal)) throw error;
    }
  }
}

/** The last leader was alive at its last renewal for certain. */
const missedSince = (lease: Lease | undefined): number | undefined =>
  lease === undefined ? undefined : Math.min(lease.untilMs - LEASE_MS, lease.nowMs);
