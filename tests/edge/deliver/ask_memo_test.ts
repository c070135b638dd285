import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { TickcastError } from "../../../src/feed/error.ts";
import { silentLog } from "../../../src/feed/log.ts";
import { STREAMS } from "../../../src/feed/stream.ts";
import { anonymous, type Principal } from "../../../src/edge/admit/principal.ts";
import { AskMemo } from "../../../src/edge/deliver/ask_memo.ts";
import type { SubscriptionRequest } from "../../../src/edge/deliver/subscription_request.ts";
import { PLAN_FRESH_MS, PlanReader } from "../../../src/edge/pull/plan_reader.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

const SHAPE = { mode: undefined, maxHz: undefined, fields: undefined };
const ask = (symbols: readonly string[]): SubscriptionRequest => ({
  id: undefined,
  streams: ["tick", "minute", "tick"],
  symbols,
  cursor: undefined,
  shape: SHAPE,
  snapshot: false,
});

function scene() {
  const clock = new ManualClock();
  const store = createMemoryStore(clock);
  const plan = new PlanReader(store, clock, silentLog);
  const core = { feeds: { streams: STREAMS }, plan, settings: { maxSymbols: 100 } };
  const publish = async (symbols: readonly string[]) => {
    const streams = { tick: { symbols, lists: 1 }, minute: { symbols, lists: 1 } };
    const text = JSON.stringify({ at: clock.now(), streams, markets: ["stocks"], simulated: false });
    await store.writeNote("plan", text, undefined);
    await clock.advance(PLAN_FRESH_MS);
    void plan.ensure();
    await settle(20);
  };
  return { core, plan, publish, memo: new AskMemo() };
}

pure("one request is judged once for all who come with it", () => {
  const { core, plan, memo } = scene();
  using _plan = plan;
  const [request, principal] = [ask(["AAPL"]), anonymous("premium")];
  const asks = memo.of(core, request, principal);
  assertEquals(asks.map(({ stream }) => stream), ["tick", "minute"]);
  assertStrictEquals(memo.of(core, request, principal), asks);
  assertEquals(memo.of(core, ask(["AAPL"]), principal) === asks, false);
});

pure("another client is judged by its own rights and tier, whoever came before", () => {
  const { core, plan, memo } = scene();
  using _plan = plan;
  const request = ask(["AAPL"]);
  const free: Principal = { ...anonymous("free") };
  const barred: Principal = { ...anonymous("premium"), streams: new Set(["tick"]) };
  assertEquals(memo.of(core, request, anonymous("premium"))[0]?.wanted?.mode, "all");
  assertEquals(memo.of(core, request, free)[0]?.wanted?.mode, "latest");
  const error = assertThrows(() => memo.of(core, request, barred), TickcastError);
  assertEquals(error.code, "FORBIDDEN");
  assertThrows(() => memo.of(core, request, barred), TickcastError);
});

pure("a new plan is judged by anew: symbols it carries are known, those it lost are not", async () => {
  const { core, plan, publish, memo } = scene();
  using _plan = plan;
  const [request, principal] = [ask(["AAPL", "NVDA"]), anonymous("premium")];
  const unknown = () => memo.of(core, request, principal).map((one) => one.unknown);
  assertEquals(unknown(), [[], []], "nothing is known, so nothing is unknown");
  await publish(["AAPL"]);
  assertEquals(unknown(), [["NVDA"], ["NVDA"]]);
  await publish(["NVDA"]);
  assertEquals(unknown(), [["AAPL"], ["AAPL"]]);
  await publish(["TSLA"]);
  assertEquals(memo.of(core, request, principal).map(({ wanted }) => wanted), [undefined, undefined]);
});
