/**
 * One connection's claim to a slot of its account: made when it authenticates, lost to a newcomer, given back when it
 * ends. A newcomer over quota can be told at once, or only after its first acknowledgements: both have been seen.
 */
import type { Clock } from "../feed/clock.ts";
import type { Cluster } from "./feed_path.ts";
import type { Account } from "./protocol/accounts.ts";
import type { Behaviour } from "./protocol/behaviour.ts";
import type { QuotaBook, Slot } from "./protocol/quota.ts";

/** A newcomer whose acknowledgements never come is told after this long. */
const VERDICT_WAIT_MS = 1500;

/** What a claim is made against. */
export interface AdmissionDeps {
  readonly clock: Clock;
  readonly behaviour: Behaviour;
  readonly quota: QuotaBook;
}

type Claim =
  | { readonly kind: "none" }
  | { readonly kind: "held"; readonly slot: Slot }
  /** Over quota, and not told yet. */
  | { readonly kind: "verdict-due"; readonly timer: Disposable };

/** See the module. */
export class Admission {
  #claim: Claim = { kind: "none" };

  constructor(
    private readonly deps: AdmissionDeps,
    private readonly cluster: Cluster,
    /** Tells the client and closes; called once at most. */
    private readonly evict: () => void,
  ) {}

  /** Claims a slot; whoever is over the account's quota goes. A second authentication claims nothing more. */
  claim(account: Account): void {
    if (this.#claim.kind !== "none") return;
    const { behaviour, quota } = this.deps;
    if (behaviour.refuseNewcomers > 0) {
      behaviour.refuseNewcomers--;
      return this.#awaitVerdict();
    }
    let arriving = true;
    const slot = quota.take(account, this.cluster, () => {
      if (arriving && behaviour.quotaAfter === "acks") this.#awaitVerdict();
      else this.#lose();
    });
    arriving = false;
    if (slot.evict) this.#claim = { kind: "held", slot };
  }

  /** Acknowledgements went out: true when the verdict followed them, and the connection is being closed. */
  acknowledged(): boolean {
    if (this.#claim.kind !== "verdict-due") return false;
    this.#lose();
    return true;
  }

  /** Gives the slot back; one whose client vanished can stay taken for a while. */
  release(vanished: boolean): void {
    if (this.#claim.kind === "held") {
      this.deps.quota.release(this.#claim.slot, vanished ? this.deps.behaviour.slotReleaseMs : 0);
    } else if (this.#claim.kind === "verdict-due") this.#claim.timer[Symbol.dispose]();
    this.#claim = { kind: "none" };
  }

  #awaitVerdict(): void {
    this.#claim = { kind: "verdict-due", timer: this.deps.clock.timer(VERDICT_WAIT_MS, () => this.#lose()) };
  }

  #lose(): void {
    if (this.#claim.kind === "verdict-due") this.#claim.timer[Symbol.dispose]();
    this.#claim = { kind: "none" };
    this.evict();
  }
}
