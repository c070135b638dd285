/**
 * What the store costs on Upstash: commands a month and their price. Bills count every command, those inside scripts
 * and transactions too (overall/billing.mdx, snapshot of August 2026). Reads don't depend on the number of clients.
 */

/** When the prices below were read. */
export const PRICES_AS_OF = "2026-08";
/** Head and tail in one transaction. */
export const COMMANDS_PER_PULL = 2;
/** The append script in its steady state, whatever the batch's size. */
export const COMMANDS_PER_APPEND = 9;
/** An edge's own note, and what it reads of ingest's while it has clients. */
export const EDGE_UPKEEP_PER_HOUR = 120 + 480;
/** Ingest's lease, reports and look for commands: about two commands a second. */
export const INGEST_UPKEEP_PER_HOUR = 7_200;
/** However many appends hint at news, one list is read no more often. */
export const PULLS_PER_SECOND_MAX = 100;

/** Pay as you go, US$ for 100 000 commands. */
export const USD_PER_100K = 0.2;
/** Commands a month of the free plan. */
export const FREE_COMMANDS = 500_000;
/** Plans with a flat price and no charge per command: US$ a month. The smallest holds all lists many times over. */
export const FIXED_USD = 10;
/** Above this the fixed plan is cheaper than paying as you go, commands a month. */
export const FIXED_BREAK_EVEN = FIXED_USD / USD_PER_100K * 100_000;

/** What the estimate is made for. */
export interface CostInputs {
  /** Edge instances with at least one client. */
  readonly edges: number;
  /** Lists that clients want (a split stream counts each). */
  readonly lists: number;
  readonly pull_ms: number;
  /** While no events come: see `QUIET_PULL_MS`. */
  readonly quiet_pull_ms: number;
  /** Appends a second, all lists together. */
  readonly appends_per_second: number;
  /** Hours a day that clients watch. */
  readonly watched_hours: number;
  /** Hours a day that events come. */
  readonly market_hours: number;
  /** Days a month that is so. */
  readonly days: number;
  /** Read regions beside the primary: each doubles, triples … what writes cost. */
  readonly read_regions: number;
}

/** Commands a month, by what they are for. */
export interface CostEstimate {
  readonly pulls: number;
  readonly appends: number;
  readonly upkeep: number;
  readonly total: number;
}

const SECONDS_PER_HOUR = 3600;
/** A month as bills have it, seconds. */
export const MONTH_S = 30 * 24 * SECONDS_PER_HOUR;

/** Commands a month. */
export function estimateCommands(inputs: CostInputs): CostEstimate {
  const { edges, lists, pull_ms, quiet_pull_ms, appends_per_second, days, read_regions } = inputs;
  const perList = lists === 0 ? 0 : appends_per_second / lists;
  // A hint makes a pull sooner: a list that moves faster than its interval is read as often as it moves.
  const idle = lists * 1000 / Math.max(pull_ms, quiet_pull_ms);
  const busy = lists * Math.max(1000 / pull_ms, Math.min(perList, PULLS_PER_SECOND_MAX));
  const busyHours = Math.min(inputs.watched_hours, inputs.market_hours);
  const pullsPerDay = (busy * busyHours + idle * (inputs.watched_hours - busyHours)) * SECONDS_PER_HOUR;
  const pulls = edges * pullsPerDay * days * COMMANDS_PER_PULL;
  const appends = appends_per_second * inputs.market_hours * SECONDS_PER_HOUR * days * COMMANDS_PER_APPEND *
    (1 + read_regions);
  const upkeep = days * (edges * inputs.watched_hours * EDGE_UPKEEP_PER_HOUR + 24 * INGEST_UPKEEP_PER_HOUR);
  const whole = [pulls, appends, upkeep].map(Math.round);
  return {
    pulls: whole[0] ?? 0,
    appends: whole[1] ?? 0,
    upkeep: whole[2] ?? 0,
    total: whole.reduce((sum, one) => sum + one, 0),
  };
}

/** What a number of commands a month costs, US$. */
export interface MonthlyPrice {
  readonly pay_as_you_go_usd: number;
  /** Flat: see {@link FIXED_USD}. */
  readonly fixed_usd: number;
  readonly fits_free: boolean;
  readonly cheapest: "free" | "pay_as_you_go" | "fixed";
}

/** Prices a month's commands; bandwidth and storage apart. */
export function priceOf(commandsPerMonth: number): MonthlyPrice {
  const paid = Math.round(commandsPerMonth / 100_000 * USD_PER_100K * 100) / 100;
  const fitsFree = commandsPerMonth <= FREE_COMMANDS;
  return {
    pay_as_you_go_usd: paid,
    fixed_usd: FIXED_USD,
    fits_free: fitsFree,
    cheapest: fitsFree ? "free" : paid < FIXED_USD ? "pay_as_you_go" : "fixed",
  };
}

/** A month at the pace of `commands` in `seconds`; 0 before a second has passed. */
export const perMonth = (commands: number, seconds: number): number =>
  seconds < 1 ? 0 : Math.round(commands / seconds * MONTH_S);
