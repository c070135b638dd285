/**
 * `GET /api/cost`: what this deployment asks of its store, measured and reckoned, and what Upstash would charge for
 * it.
 */
import { Hono } from "hono";
import { z } from "zod";
import type { Clock } from "../../feed/clock.ts";
import { type FeedStore, QUIET_PULL_MS } from "../../feed/store.ts";
import { readAs } from "../admin/admin_body.ts";
import type { Guard } from "../admin/admin_guard.ts";
import { type CostInputs, estimateCommands, perMonth, priceOf, PRICES_AS_OF } from "./cost_model.ts";
import type { EdgeFacts } from "./health_facts.ts";
import type { IngestNotes } from "./health_notes.ts";
import type { HealthService } from "./health_service.ts";
import { answer, answerError } from "./operational_answer.ts";

/** What the route needs. */
export interface CostRouteOptions {
  readonly health: HealthService;
  readonly store: FeedStore;
  readonly clock: Clock;
  readonly facts: EdgeFacts;
  readonly mayRead: Guard;
}

const number = (min: number, max: number) => z.coerce.number().min(min).max(max).optional();
/** Every assumption of the estimate can be overridden in the query. */
const Query = z.object({
  edges: number(0, 10_000),
  lists: number(0, 1000),
  pull_ms: number(1, 3_600_000),
  quiet_pull_ms: number(1, 3_600_000),
  appends_per_second: number(0, 100_000),
  watched_hours: number(0, 24),
  market_hours: number(0, 24),
  days: number(1, 31),
  read_regions: number(0, 20),
});

/** Without anything better to go by. */
const PULL_MS = 250;
/** Over REST ingest appends to one list no more often, however it is paced where this was measured. */
const APPENDS_PER_SECOND_MAX = 10;
const STOCK_MARKET_HOURS = 16;
const STOCK_MARKET_DAYS = 21;

/** The estimate's inputs as this instance sees them, where the query says nothing else. */
export function costInputs(
  asked: Readonly<Partial<Record<keyof CostInputs, number | undefined>>>,
  notes: IngestNotes,
  facts: EdgeFacts,
): CostInputs {
  const planned = Object.values(notes.plan?.streams ?? {}).reduce((sum, one) => sum + one.lists, 0);
  const allDay = notes.plan === undefined || notes.plan.markets.includes("crypto");
  const { ingest } = notes;
  const appends = ingest?.channels.flatMap((one) => one.lists).reduce((sum, one) => sum + one.appends, 0) ??
    0;
  const upS = ingest === undefined ? 0 : Math.max(1, (ingest.at - ingest.startedAt) / 1000);
  // What lists say while their markets are closed says nothing of open hours.
  const pulled = facts.lists().map((one) => one.pullMs).filter((ms) => ms > 0 && ms < QUIET_PULL_MS);
  return {
    edges: asked.edges ?? 1,
    lists: asked.lists ?? planned,
    pull_ms: asked.pull_ms ?? (pulled.length === 0 ? PULL_MS : Math.min(...pulled)),
    quiet_pull_ms: asked.quiet_pull_ms ?? QUIET_PULL_MS,
    appends_per_second: asked.appends_per_second ??
      (upS === 0 ? 0 : Math.round(Math.min(appends / upS, planned * APPENDS_PER_SECOND_MAX) * 100) / 100),
    watched_hours: asked.watched_hours ?? (allDay ? 24 : STOCK_MARKET_HOURS),
    market_hours: asked.market_hours ?? (allDay ? 24 : STOCK_MARKET_HOURS),
    days: asked.days ?? (allDay ? 30 : STOCK_MARKET_DAYS),
    read_regions: asked.read_regions ?? 0,
  };
}

/** See the file's head. */
export function costRoutes(options: CostRouteOptions): Hono {
  const app = new Hono();
  app.get("/api/cost", async (c) => {
    const refusal = options.mayRead(c.req.raw);
    if (refusal) return refusal;
    try {
      const asked = readAs(Query, c.req.query());
      return answer(report(options, asked, await options.health.readNotes()));
    } catch (error) {
      return answerError(error);
    }
  });
  return app;
}

function report({ store, clock, facts }: CostRouteOptions, asked: z.infer<typeof Query>, notes: IngestNotes) {
  const seconds = Math.max(0, (clock.now() - facts.startedAt) / 1000);
  const { commands } = store.usage();
  const ingestS = notes.ingest === undefined
    ? 0
    : Math.max(0, (notes.ingest.at - notes.ingest.startedAt) / 1000);
  const inputs = costInputs(asked, notes, facts);
  const estimate = estimateCommands(inputs);
  return {
    transport: store.transport,
    prices_as_of: PRICES_AS_OF,
    measured: {
      this_process: {
        commands,
        seconds: Math.round(seconds),
        commands_per_month: perMonth(commands, seconds),
      },
      ingest: notes.ingest === undefined ? null : {
        commands: notes.ingest.store.commands,
        seconds: Math.round(ingestS),
        commands_per_month: perMonth(notes.ingest.store.commands, ingestS),
      },
    },
    estimate: { inputs, commands_per_month: estimate, price: priceOf(estimate.total) },
  };
}
