/** Massive's spelling of a symbol to ours and back: crypto is `X:BASE-QUOTE` here and `BASE-QUOTE` in a `pair`. */
import { isSymbol } from "../../feed/symbol.ts";
import type { Market } from "../../feed/wire_fields.ts";

/** Our symbol for the wire's; undefined when it has no form of one. */
export function readSymbol(value: unknown, market: Market): string | undefined {
  if (typeof value !== "string") return undefined;
  const symbol = market === "crypto" ? cryptoSymbol(value) : value;
  return isSymbol(symbol) ? symbol : undefined;
}

function cryptoSymbol(text: string): string {
  const pair = text.includes("/") ? text.replace("/", "-") : text;
  return pair.startsWith("X:") ? pair : `X:${pair}`;
}
