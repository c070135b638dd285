/**
 * Connection slots: counted per account and market cluster, across hosts and keys. The handshake is never refused;
 * whoever is over the quota is told after `auth_success`, and then closed with 1008. A slot of a client that vanished
 * without a close frame can stay taken for a while, as an unreaped half-open socket does.
 */
import type { Clock, Random } from "../../feed/clock.ts";
import type { Cluster } from "../feed_path.ts";
import { type Account, quotaOf } from "./accounts.ts";

/** A taken slot. */
export interface Slot {
  readonly account: string;
  readonly cluster: Cluster;
  /** Undefined: its client is gone and the slot not yet released. */
  evict: (() => void) | undefined;
}

/** Every taken slot, oldest first. */
export class QuotaBook {
  readonly #slots = new Set<Slot>();
  readonly #releases = new Set<Disposable>();

  constructor(private readonly clock: Clock, private readonly random: Random) {}

  /**
   * Takes a slot for a newcomer and evicts whoever has to go (that may be the newcomer). `evict` is called once, at
   * once, for each live victim.
   */
  take(account: Account, cluster: Cluster, evict: () => void): Slot {
    const slot: Slot = { account: account.name, cluster, evict };
    this.#slots.add(slot);
    const held = this.#held(account.name, cluster);
    const over = held.length - quotaOf(account, cluster);
    for (let n = 0; n < over; n++) this.#evictOne(this.#held(account.name, cluster), account.policy);
    return slot;
  }

  /** Gives a slot back, at once or after `delayMs`. */
  release(slot: Slot, delayMs: number): void {
    slot.evict = undefined;
    if (delayMs <= 0) {
      this.#slots.delete(slot);
      return;
    }
    const timer = this.clock.timer(delayMs, () => {
      this.#releases.delete(timer);
      this.#slots.delete(slot);
    });
    this.#releases.add(timer);
  }

  /** Evicts the oldest live connection of a cluster (any account when none is named). False when there is none. */
  evictOldest(cluster: Cluster | undefined, account?: string): boolean {
    for (const slot of this.#slots) {
      if (cluster !== undefined && slot.cluster !== cluster) continue;
      if (account !== undefined && slot.account !== account) continue;
      if (slot.evict) {
        this.#evict(slot);
        return true;
      }
    }
    return false;
  }

  /** Slots taken, those waiting for release included. */
  get taken(): number {
    return this.#slots.size;
  }

  /** Stops the waits for release. */
  stop(): void {
    for (const timer of this.#releases) timer[Symbol.dispose]();
    this.#releases.clear();
    this.#slots.clear();
  }

  #held(account: string, cluster: Cluster): Slot[] {
    return [...this.#slots].filter((slot) => slot.account === account && slot.cluster === cluster);
  }

  #evictOne(held: readonly Slot[], policy: Account["policy"]): void {
    const newest = held.at(-1);
    const oldest = held[0];
    const victim = policy === "evict-oldest" || (policy === "random" && this.random() < 0.5)
      ? oldest
      : newest;
    if (victim) this.#evict(victim);
  }

  #evict(slot: Slot): void {
    this.#slots.delete(slot);
    const evict = slot.evict;
    slot.evict = undefined;
    evict?.();
  }
}
