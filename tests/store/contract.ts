/**
 * What every `FeedStore` must do, as one suite of cases run over each implementation: memory, TCP to a real redis-server,
 * and the real Upstash client against a REST front of that same redis-server. A case gets a {@link StoreBench} of its own.
 */
import type { FeedStore } from "../../src/feed/store.ts";
import { APPEND_CASES } from "./contract_appends.ts";
import { DAMAGE_CASES } from "./contract_damage.ts";
import { HINT_CASES } from "./contract_hints.ts";
import { LEASE_CASES } from "./contract_leases.ts";
import { READ_CASES } from "./contract_reads.ts";
import { SHELF_CASES } from "./contract_shelves.ts";

/** Which of a list's keys to damage. */
export type ListKey = "list" | "head" | "last" | "lease";

/** A store under test and what can be done to it behind its back. */
export interface StoreBench extends AsyncDisposable {
  readonly store: FeedStore;
  /** A further store on the same data, as another process would open it; disposed with the bench. */
  another(): Promise<FeedStore>;
  /** Lets a document's time to live pass; throws when it had none. */
  expire(name: string, ttlMs: number): Promise<void>;
  /** Lets the store's own clock go on by at least so much. */
  pass(ms: number): Promise<void>;
  /** The elements of a list are gone, its head is not. */
  loseList(list: string): Promise<void>;
  /** Everything is gone. */
  flush(): Promise<void>;
  /** Takes a copy of everything; calling what it returns fails over to that copy. */
  copy(): Promise<() => Promise<void>>;
  /** What the list really holds. */
  lengthEvents(list: string): Promise<number>;
  /** Publishes any text where hints go; undefined where only the store itself can. */
  readonly publish: ((text: string) => Promise<void>) | undefined;
  /** Puts a value of another type at a key; undefined where there are no types. */
  readonly spoil: ((key: ListKey, list: string) => Promise<void>) | undefined;
  /** Adds members of a universe, as an operator would. */
  addUniverse(key: string, symbols: readonly string[]): Promise<void>;
}

/** One case of the suite. */
export interface ContractCase {
  readonly name: string;
  readonly fn: (bench: StoreBench) => Promise<void>;
}

/** An implementation to run the suite over. */
export interface ContractSubject {
  readonly name: string;
  readonly ignore: boolean;
  /** Behind each test's name: why it is ignored. */
  readonly note: string;
  readonly permissions?: "none";
  open(): Promise<StoreBench>;
}

/** Registers the whole suite over one implementation. */
export function contractSuite(subject: ContractSubject): void {
  const cases = [APPEND_CASES, READ_CASES, DAMAGE_CASES, HINT_CASES, LEASE_CASES, SHELF_CASES].flat();
  for (const { name, fn } of cases) {
    Deno.test({
      name: `${subject.name}: ${name}${subject.note}`,
      ignore: subject.ignore,
      ...(subject.permissions === undefined ? {} : { permissions: subject.permissions }),
      async fn() {
        await using bench = await subject.open();
        await fn(bench);
      },
    });
  }
}
