/**
 * What a subscription comes to for a client that follows nothing yet: the streams it names, and of each what is wanted.
 * Clients that come with the same URL share one request and so one judgement, as long as neither they nor the plan are
 * others: a thousand of them coming back at once ask the same thing.
 */
import type { PublishedPlan } from "../../feed/health.ts";
import type { EdgeSettings } from "../../feed/settings/settings.ts";
import type { StreamTable } from "../../feed/stream.ts";
import type { Principal } from "../admit/principal.ts";
import type { Wanted } from "../follow/wanted.ts";
import type { PlanReader } from "../pull/plan_reader.ts";
import { checkStreams, checkSymbols, wantedAfter } from "./subscription_ask.ts";
import type { SubscriptionRequest } from "./subscription_request.ts";

/** One stream of a request, judged. */
export interface StreamAsk {
  readonly stream: string;
  /** Undefined when nothing of it is known. */
  readonly wanted: Wanted | undefined;
  readonly unknown: readonly string[];
}

/** What a judgement rests on. */
export interface AskGround {
  readonly feeds: { readonly streams: StreamTable };
  readonly plan: PlanReader;
  readonly settings: Pick<EdgeSettings, "maxSymbols">;
}

interface Judged {
  readonly principal: Principal;
  readonly plan: PublishedPlan | undefined;
  readonly asks: readonly StreamAsk[];
}

/** See the file comment. */
export class AskMemo {
  readonly #judged = new WeakMap<SubscriptionRequest, Judged>();

  /** @throws {TickcastError} whatever is wrong with the request */
  of(core: AskGround, request: SubscriptionRequest, principal: Principal): readonly StreamAsk[] {
    const plan = core.plan.peek();
    const known = this.#judged.get(request);
    if (known !== undefined && known.principal === principal && known.plan === plan) return known.asks;
    const asks = checkStreams(request.streams, core.feeds.streams, principal).map((stream) =>
      judge(core, request, stream, principal)
    );
    this.#judged.set(request, { principal, plan, asks });
    return asks;
  }
}

function judge(
  core: AskGround,
  { symbols, shape, firstShape = shape }: SubscriptionRequest,
  stream: string,
  principal: Principal,
): StreamAsk {
  const { patterns, unknown } = checkSymbols(symbols ?? ["*"], stream, core.plan, principal);
  const wanted = patterns.length === 0
    ? undefined
    : wantedAfter(undefined, patterns, firstShape, principal.tier, core.settings.maxSymbols);
  return { stream, wanted, unknown };
}
