/**
 * One connection's side of the conversation as a value: a client message in, status objects and a verdict out. No
 * socket and no clock here; `connection.ts` does what the answer says.
 */
import type { FeedPath } from "../feed_path.ts";
import { type Account, accountOfKey, type Accounts } from "./accounts.ts";
import type { Behaviour } from "./behaviour.ts";
import { CHANNELS, HeldPairs, type Pair, parsePairs } from "./channels.ts";
import {
  AGREEMENT_MISSING,
  AUTHENTICATED,
  BAD_KEY,
  DELAYED_ONLY,
  NOT_AUTHORIZED,
  PLAN_WITHOUT_WEBSOCKET,
  type StatusText,
  subscribedTo,
  SUBSCRIPTION_LIMIT,
  unsubscribedTo,
} from "./status_text.ts";

/** Contracts of one channel an options connection may hold. */
const OPTIONS_LIMIT_PAIRS = 1000;
/** The other markets have no limit in the real service; this one only bounds our memory. */
const HELD_LIMIT_PAIRS = 200_000;

/** What a client message leads to. */
export type Answer =
  /** Silence: nothing to say about it. */
  | {
    readonly kind: "nothing";
    readonly why: "unreadable" | "unknown-action" | "not-authenticated" | "silent";
  }
  | { readonly kind: "authenticated"; readonly account: Account; readonly status: StatusText }
  /** The status is sent, then the connection dropped without a close frame. */
  | { readonly kind: "refused"; readonly status: StatusText }
  /** Refusals stand ahead of confirmations, whatever the order of the request. */
  | { readonly kind: "acks"; readonly statuses: readonly StatusText[] };

/** See the module. */
export class Session {
  readonly held = new HeldPairs();
  #account: Account | undefined;
  #acks = 0;

  constructor(
    private readonly path: FeedPath,
    private readonly accounts: Accounts,
    private readonly behaviour: Behaviour,
  ) {}

  /** Undefined until authenticated. */
  get account(): Account | undefined {
    return this.#account;
  }

  /** Takes one text message from the client. Never throws, whatever it holds. */
  receive(text: string): Answer {
    const request = readRequest(text);
    if (!request) return { kind: "nothing", why: "unreadable" };
    switch (request.action) {
      case "auth":
        return this.#auth(request.params);
      case "subscribe":
        return this.#account
          ? this.#subscribe(request.params)
          : { kind: "nothing", why: "not-authenticated" };
      case "unsubscribe":
        return this.#account
          ? this.#unsubscribe(request.params)
          : { kind: "nothing", why: "not-authenticated" };
      default:
        return { kind: "nothing", why: "unknown-action" };
    }
  }

  #auth(key: string): Answer {
    const forced = this.behaviour.nextAuthAnswers.shift();
    if (forced !== undefined) return { kind: "refused", status: forced };
    const account = accountOfKey(this.accounts, key);
    if (!account) return { kind: "refused", status: BAD_KEY };
    const plan = account.markets[this.path.cluster];
    if (!plan) return { kind: "refused", status: PLAN_WITHOUT_WEBSOCKET };
    if (this.path.host === "business" && !plan.business && account.businessRefusal === "auth_failed") {
      return { kind: "refused", status: PLAN_WITHOUT_WEBSOCKET };
    }
    this.#account = account;
    return { kind: "authenticated", account, status: AUTHENTICATED };
  }

  #subscribe(params: string): Answer {
    const refusals: StatusText[] = [];
    const wanted: Pair[] = [];
    for (const pair of parsePairs(params)) {
      if (!this.#isKnown(pair.prefix) || this.held.has(pair)) continue;
      if (this.#isAllowed(pair.prefix)) wanted.push(pair);
      else refusals.push(NOT_AUTHORIZED);
    }
    if (refusals.length > 0) refusals.unshift(...this.#accessRefusal());
    if (this.#crossesLimit(wanted)) {
      const statuses = Array<StatusText>(this.behaviour.subscriptionLimitRepeats).fill(SUBSCRIPTION_LIMIT);
      return { kind: "acks", statuses };
    }
    const confirmed = wanted.filter((pair) => this.held.add(pair));
    const acks = confirmed.flatMap((pair) => this.#ack(subscribedTo(`${pair.prefix}.${pair.symbol}`)));
    return this.#acksOrSilence([...refusals, ...acks]);
  }

  #unsubscribe(params: string): Answer {
    const released = parsePairs(params).filter((pair) => this.held.remove(pair));
    return this.#acksOrSilence(
      released.flatMap((pair) => this.#ack(unsubscribedTo(`${pair.prefix}.${pair.symbol}`))),
    );
  }

  #acksOrSilence(statuses: readonly StatusText[]): Answer {
    return statuses.length === 0 ? { kind: "nothing", why: "silent" } : { kind: "acks", statuses };
  }

  #ack(status: StatusText): StatusText[] {
    const every = this.behaviour.ackDropEvery;
    if (every > 0 && ++this.#acks % every === 0) return [];
    return Array<StatusText>(this.behaviour.ackRepeats).fill(status);
  }

  #isKnown(prefix: string): boolean {
    return CHANNELS[this.path.cluster].includes(prefix) && !this.behaviour.silentChannels.has(prefix);
  }

  get #realtimeAccess(): Account["realtimeAccess"] {
    return this.behaviour.realtimeAccess ?? this.#account?.realtimeAccess ?? "granted";
  }

  #isAllowed(prefix: string): boolean {
    if (this.behaviour.deniedChannels.has(prefix)) return false;
    if (this.path.host === "realtime" && this.#realtimeAccess !== "granted") return false;
    return this.#account?.markets[this.path.cluster]?.[this.path.host]?.includes(prefix) ?? false;
  }

  #accessRefusal(): StatusText[] {
    if (this.path.host === "business" || this.#realtimeAccess === "granted") return [];
    return [this.#realtimeAccess === "delayed" ? DELAYED_ONLY : AGREEMENT_MISSING];
  }

  #crossesLimit(wanted: readonly Pair[]): boolean {
    const usual = this.path.cluster === "options" ? OPTIONS_LIMIT_PAIRS : HELD_LIMIT_PAIRS;
    const limit = this.behaviour.subscriptionLimit ?? usual;
    const counts = new Map<string, number>();
    for (const { prefix } of wanted) counts.set(prefix, (counts.get(prefix) ?? this.held.count(prefix)) + 1);
    return [...counts.values()].some((count) => count > limit);
  }
}

/** Reads a client message; undefined when it is no object with `action` and `params` texts. */
function readRequest(text: string): { action: string; params: string } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const { action, params } = value as { action?: unknown; params?: unknown };
    if (typeof action !== "string") return undefined;
    return { action, params: typeof params === "string" ? params : "" };
  } catch {
    return undefined;
  }
}
