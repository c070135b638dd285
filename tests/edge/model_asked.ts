/** What a model client asks for, how it changes its mind, and which symbols that means: the protocol's rules written again. */
import type { Tier } from "../../src/feed/settings/settings.ts";
import { pick, type Random, seldom } from "./model_random.ts";

/** One subscription, the same for all streams of a client. */
export interface Asked {
  readonly symbols: readonly string[];
  readonly mode: "all" | "latest";
  readonly maxHz: number | undefined;
  readonly fields: readonly string[] | undefined;
}

/** What a client says on a live socket, and what holds afterwards. */
export interface Change {
  readonly message: Readonly<Record<string, unknown>>;
  readonly asked: Asked;
}

/** Of two and three lists all are used by them. */
export const SYMBOLS = ["AAPL", "AMD", "AMZN", "MSFT", "NVDA", "X:BTC-USD", "X:ETH-USD"];
const PATTERNS = [["*"], ["A*"], ["X:*"], ["AM*", "MSFT"], ["X:*", "AAPL"]];
const FIELDS = ["price", "size", "open", "close", "volume", "kind", "source"];

const covers = (pattern: string, sym: string): boolean =>
  pattern.endsWith("*") ? sym.startsWith(pattern.slice(0, -1)) : pattern === sym;

/** Whether a symbol was asked for. */
export const wants = ({ symbols }: Asked, sym: string): boolean =>
  symbols.some((pattern) => covers(pattern, sym));

/** Free clients get the latest whatever they ask for. */
export const modeOf = (asked: Asked, tier: Tier): Asked["mode"] => tier === "free" ? "latest" : asked.mode;

/** A pattern swallows what another one covers already. */
const normal = (symbols: readonly string[]): readonly string[] =>
  [...new Set(symbols)].filter((one, _, all) => !all.some((other) => other !== one && covers(other, one)));

const someSymbols = (random: Random): readonly string[] => {
  if (random() < 0.5) return pick(random, PATTERNS);
  const some = SYMBOLS.filter(() => random() < 0.5);
  return some.length > 0 ? some : ["AAPL"];
};

function someFields(random: Random): readonly string[] {
  const some = FIELDS.filter(() => random() < 0.5);
  return some.length > 0 ? some : ["price"];
}

/** Any subscription. */
export const someAsk = (random: Random): Asked => ({
  symbols: someSymbols(random),
  mode: random() < 0.25 ? "latest" : "all",
  maxHz: seldom(random, 0.25, () => pick(random, [1, 2, 5, 20])),
  fields: seldom(random, 0.25, () => someFields(random)),
});

/** A change of mind: symbols added or taken away, or another mode, pace or choice of fields. */
export function someChange(random: Random, asked: Asked): Change {
  const chance = random();
  const going = pick(random, asked.symbols);
  const left = asked.symbols.filter((one) => one !== going);
  if (chance < 0.25 && left.length > 0) {
    return { message: { action: "unsubscribe", symbols: [going] }, asked: { ...asked, symbols: left } };
  }
  const action = "subscribe";
  if (chance < 0.5) {
    const symbols = someSymbols(random);
    const all = normal([...asked.symbols, ...symbols]);
    return { message: { action, symbols }, asked: { ...asked, symbols: all } };
  }
  if (chance < 0.7) {
    const mode = asked.mode === "all" ? "latest" : "all";
    return { message: { action, mode }, asked: { ...asked, mode } };
  }
  if (chance < 0.85) {
    const maxHz = seldom(random, 0.5, () => pick(random, [1, 4, 10]));
    return { message: { action, max_hz: maxHz ?? null }, asked: { ...asked, maxHz } };
  }
  const fields = seldom(random, 0.5, () => someFields(random));
  return { message: { action, fields: fields ?? null }, asked: { ...asked, fields } };
}

/** A subscription as the query of a URL has it. */
export function queryOf({ symbols, mode, maxHz, fields }: Asked): URLSearchParams {
  const query = new URLSearchParams({ symbols: symbols.join(","), mode });
  if (maxHz !== undefined) query.set("max_hz", String(maxHz));
  if (fields !== undefined) query.set("fields", fields.join(","));
  return query;
}
