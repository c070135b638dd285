/**
 * One connection's side of Massive's conversation, as a value: a client message in, status objects or a question out.
 * No socket, clock or store here; `massive_client.ts` does what the reply says.
 */
import type { Market } from "../../feed/wire_fields.ts";
import { NOT_AUTHORIZED, subscribedTo, SUBSCRIPTION_LIMIT, unsubscribedTo } from "./massive_status.ts";
import { HeldTopics, parseTopics, type Topic, TOPICS_MAX } from "./massive_topics.ts";
import { maySeeStream, mayUsePattern, type Principal } from "../admit/principal.ts";

/** What a client message leads to. */
export type MassiveReply =
  /** Massive says nothing to this, so neither do we. */
  | {
    readonly kind: "silence";
    readonly why: "unreadable" | "unknown_action" | "not_authenticated" | "nothing_new";
  }
  /** Judge this token, then call {@link MassiveSession.admit} or drop the connection. */
  | { readonly kind: "auth"; readonly token: string }
  /** Refusals first, confirmations after, whatever the order of the request. */
  | { readonly kind: "acks"; readonly statuses: readonly string[]; readonly changed: boolean };

const silence = (why: Extract<MassiveReply, { kind: "silence" }>["why"]): MassiveReply => ({
  kind: "silence",
  why,
});

/** See the file's head. */
export class MassiveSession {
  readonly held: HeldTopics;
  #principal: Principal | undefined;

  /** @param maxTopics pairs it may hold */
  constructor(readonly market: Market, readonly maxTopics: number = TOPICS_MAX) {
    this.held = new HeldTopics(market);
  }

  /** Undefined until admitted. */
  get principal(): Principal | undefined {
    return this.#principal;
  }

  /**
   * The token was good. A later one replaces the rights: pairs outside them are let go, which is true when any was.
   */
  admit(principal: Principal): boolean {
    this.#principal = principal;
    const lost = [...this.held.topics()].filter((topic) => !this.#isAllowed(topic, principal));
    for (const topic of lost) this.held.remove(topic);
    return lost.length > 0;
  }

  /** Takes one text message. Never throws, whatever it holds. */
  receive(text: string): MassiveReply {
    const request = readRequest(text);
    if (request === undefined) return silence("unreadable");
    const { action, params } = request;
    if (action === "auth") return { kind: "auth", token: params };
    if (action !== "subscribe" && action !== "unsubscribe") return silence("unknown_action");
    if (this.#principal === undefined) return silence("not_authenticated");
    const topics = parseTopics(this.market, params);
    return action === "subscribe" ? this.#subscribe(topics, this.#principal) : this.#unsubscribe(topics);
  }

  #subscribe(topics: readonly Topic[], principal: Principal): MassiveReply {
    const wanted = topics.filter((topic) => !this.held.has(topic));
    const allowed = wanted.filter((topic) => this.#isAllowed(topic, principal));
    if (this.held.size + allowed.length > this.maxTopics) {
      return { kind: "acks", statuses: [SUBSCRIPTION_LIMIT], changed: false };
    }
    const refusals = Array<string>(wanted.length - allowed.length).fill(NOT_AUTHORIZED);
    const confirmed = allowed.filter((topic) => this.held.add(topic));
    return acks([...refusals, ...confirmed.map((topic) => subscribedTo(topic.text))], confirmed.length > 0);
  }

  #unsubscribe(topics: readonly Topic[]): MassiveReply {
    const released = topics.filter((topic) => this.held.remove(topic));
    return acks(released.map((topic) => unsubscribedTo(topic.text)), released.length > 0);
  }

  #isAllowed({ channel, symbol }: Topic, principal: Principal): boolean {
    if (channel === undefined || !maySeeStream(principal, channel.stream)) return false;
    const pattern = symbol === "*" && this.market === "crypto" ? "X:*" : symbol;
    return mayUsePattern(principal, pattern);
  }
}

const acks = (statuses: readonly string[], changed: boolean): MassiveReply =>
  statuses.length === 0 ? silence("nothing_new") : { kind: "acks", statuses, changed };

/** An object with `action` and `params` texts; undefined for anything else. */
function readRequest(text: string): { readonly action: string; readonly params: string } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const action: unknown = Object.getOwnPropertyDescriptor(value, "action")?.value;
    const params: unknown = Object.getOwnPropertyDescriptor(value, "params")?.value;
    return typeof action === "string"
      ? { action, params: typeof params === "string" ? params : "" }
      : undefined;
  } catch {
    return undefined;
  }
}
