/**
 * From what is wanted and what was asked for to the next message, if it is time for one. Only the difference is ever
 * sent, in chunks, one at a time: a takeover of thousands of tickers is a trickle of messages and not a storm.
 */
import type { AckLedger } from "./ack_ledger.ts";
import { withoutCovered } from "../wire/subscription_topics.ts";

/** Topics a message names at most; 200 are known to work (massive-websocket notes §10). */
export const TOPICS_PER_MESSAGE = 200;
/** Least time between two messages. */
export const MESSAGE_PACE_MS = 50;

/** One message to send. */
export interface SubscribeMessage {
  readonly action: "subscribe" | "unsubscribe";
  readonly topics: readonly string[];
}

/** The message as the wire has it: a comma and no space between topics. */
export const subscribeText = (message: SubscribeMessage): string =>
  JSON.stringify({ action: message.action, params: message.topics.join(",") });

/** Paces one socket's subscriptions. Times are monotonic ms. */
export class SubscribePacer {
  readonly #ledger: AckLedger;
  #wanted: ReadonlySet<string> = new Set();
  #subscribe: string[] = [];
  #unsubscribe: string[] = [];
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(ledger: AckLedger) {
    this.#ledger = ledger;
  }

  /** Topics that are wanted, those under a wildcard left out. */
  get wanted(): ReadonlySet<string> {
    return this.#wanted;
  }

  /** Whether everything wanted was asked for and nothing unwanted is held. */
  get idle(): boolean {
    return this.#subscribe.length === 0 && this.#unsubscribe.length === 0;
  }

  /** Sets what is wanted from now on. */
  want(topics: Iterable<string>): void {
    this.#wanted = withoutCovered(topics);
    this.#unsubscribe = [...this.#ledger.known()].filter((topic) => !this.#wanted.has(topic));
    this.#subscribe = [...this.#wanted].filter((topic) => !this.#ledger.knows(topic));
  }

  /** The next message, when there is one and it is time; the ledger is told. Unsubscriptions go first: a wildcard makes room. */
  next(now: number): SubscribeMessage | undefined {
    this.#askAgain(now);
    if (this.idle || now < this.#nextAt) return undefined;
    this.#nextAt = now + MESSAGE_PACE_MS;
    if (this.#unsubscribe.length > 0) {
      const topics = this.#unsubscribe.splice(0, TOPICS_PER_MESSAGE);
      this.#ledger.forget(topics);
      return { action: "unsubscribe", topics };
    }
    const topics = this.#subscribe.splice(0, TOPICS_PER_MESSAGE);
    this.#ledger.asked(topics, now);
    return { action: "subscribe", topics };
  }

  #askAgain(now: number): void {
    if (!this.idle) return;
    this.#subscribe = this.#ledger.dueAgain(now).filter((topic) => this.#wanted.has(topic));
  }
}
