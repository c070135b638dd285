/**
 * Which topics a socket was asked for, and what became of each. Massive confirms each accepted topic by name, stays silent
 * about prefixes it does not know and topics already held, and refuses without naming anything (massive-websocket
 * notes §3.2): so acks are counted, and a time limit decides about the rest. An ack that comes later still counts.
 */
import type { StatusMessage } from "../wire/frame.ts";
import type { Refusal } from "./refusal.ts";

/** How long an acknowledgement may take; a whole market is acknowledged within a second or two when all is well. */
export const ACK_LIMIT_MS = 5_000;
/** Topics that were not granted are asked for again this much later: a plan may have been upgraded meanwhile. */
export const ASK_AGAIN_MS = 300_000;

const ACK = /^(un)?subscribed (?:to|from):?\s*(.+)$/i;

/** Topics an ack names; undefined when the message is no ack. */
export function ackedTopics(
  message: StatusMessage,
): { topics: readonly string[]; held: boolean } | undefined {
  if (message.status !== "success") return undefined;
  const match = ACK.exec(message.message);
  if (match?.[2] === undefined) return undefined;
  return { topics: match[2].split(",").map((topic) => topic.trim()), held: match[1] === undefined };
}

/** The topics of one socket. Times are monotonic ms. */
export class AckLedger {
  readonly #pending = new Map<string, number>();
  readonly #held = new Set<string>();
  readonly #silent = new Map<string, number>();
  #refusals = 0;
  #lastRefusal: Refusal | undefined;

  /** Topics waiting for an answer. */
  get pending(): number {
    return this.#pending.size;
  }
  /** Topics that got none in time. */
  get silent(): readonly string[] {
    return [...this.#silent.keys()];
  }
  /** What the upstream said when it refused something, as long as something is not granted. */
  get lastRefusal(): Refusal | undefined {
    return this.#silent.size + this.#pending.size > 0 ? this.#lastRefusal : undefined;
  }

  /** Whether the upstream confirmed it. */
  holds(topic: string): boolean {
    return this.#held.has(topic);
  }

  /** Whether it was asked for on this socket, whatever the answer. */
  knows(topic: string): boolean {
    return this.#held.has(topic) || this.#pending.has(topic) || this.#silent.has(topic);
  }

  /** Confirmed, or given up on: nothing more is expected. */
  isAnswered(topic: string): boolean {
    return this.#held.has(topic) || this.#silent.has(topic);
  }

  /** Every topic asked for, whatever became of it. */
  known(): Iterable<string> {
    return [...this.#held, ...this.#pending.keys(), ...this.#silent.keys()];
  }

  /** A subscribe message went out. */
  asked(topics: Iterable<string>, now: number): void {
    for (const topic of topics) {
      this.#silent.delete(topic);
      this.#pending.set(topic, now);
    }
  }

  /** An unsubscribe message went out: whatever is answered, these are no longer ours. */
  forget(topics: Iterable<string>): void {
    for (const topic of topics) {
      this.#pending.delete(topic);
      this.#held.delete(topic);
      this.#silent.delete(topic);
    }
  }

  /** A confirmation came; one of a topic never asked for, or given up since, changes nothing. */
  confirmed(topic: string): void {
    if (!this.#pending.delete(topic) && !this.#silent.delete(topic)) return;
    this.#held.add(topic);
  }

  /** A refusal came; it names nothing, so it is only counted. */
  refused(refusal: Refusal): void {
    this.#refusals++;
    this.#lastRefusal = refusal;
  }

  /**
   * Gives up on topics whose time is over, or that as many refusals as topics are left for.
   * @returns how many were given up on.
   */
  expire(now: number): number {
    const allRefused = this.#pending.size > 0 && this.#pending.size <= this.#refusals;
    let given = 0;
    for (const [topic, askedAt] of this.#pending) {
      if (!allRefused && now - askedAt < ACK_LIMIT_MS) continue;
      this.#pending.delete(topic);
      this.#silent.set(topic, now);
      given++;
    }
    if (this.#pending.size === 0) this.#refusals = 0;
    return given;
  }

  /** Topics given up on long enough ago to be asked for again. */
  dueAgain(now: number): readonly string[] {
    return [...this.#silent].filter(([, since]) => now - since >= ASK_AGAIN_MS).map(([topic]) => topic);
  }
}
