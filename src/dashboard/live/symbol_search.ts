/// <reference lib="dom" />
/** The search field: a combobox over the symbols the server has, after the ARIA practices' list autocomplete. */
import { make, need } from "../element.ts";
import { isSymbol } from "./watched_symbols.ts";

/** Matches shown at most. */
const MATCHES_MAX = 12;

/** Symbols that match, best first: those that begin with the text, then those that hold it. Pure. */
export function matchSymbols(
  universe: readonly string[],
  text: string,
  limit: number = MATCHES_MAX,
): string[] {
  const wanted = text.trim().toUpperCase();
  if (!wanted) return [];
  const starting: string[] = [];
  const holding: string[] = [];
  for (const symbol of universe) {
    const upper = symbol.toUpperCase();
    if (upper.startsWith(wanted)) starting.push(symbol);
    else if (upper.includes(wanted)) holding.push(symbol);
  }
  return [...starting.sort((a, b) => a.length - b.length || (a < b ? -1 : 1)), ...holding.sort()].slice(
    0,
    limit,
  );
}

/** What the list offers for a text: symbols that match; else the text itself, where it can be a symbol at all. Pure. */
export function offers(universe: readonly string[], text: string): readonly Offer[] {
  const found = matchSymbols(universe, text);
  if (found.length > 0) return found.map((symbol) => ({ symbol, label: symbol }));
  const typed = text.trim().toUpperCase();
  if (!typed) return [];
  return isSymbol(typed)
    ? [{ symbol: typed, label: `Add ${typed}, not seen yet` }]
    : [{ symbol: undefined, label: "No symbol has such characters" }];
}

/** A line of the list; without a symbol it only tells. */
export interface Offer {
  readonly symbol: string | undefined;
  readonly label: string;
}

/** Wires the field; `universe` gives the symbols known now, `choose` gets the chosen one. */
export function startSearch(universe: () => readonly string[], choose: (symbol: string) => void): void {
  const input = need("search", HTMLInputElement);
  const list = need("matches");
  let matches: readonly Offer[] = [];
  let active = -1;

  const show = () => {
    list.replaceChildren(...matches.map(({ symbol, label }, at) => {
      const item = make("li", "", label);
      item.role = "option";
      item.id = `match-${at}`;
      item.ariaSelected = String(at === active);
      if (symbol) item.dataset.symbol = symbol;
      else item.ariaDisabled = "true";
      return item;
    }));
    list.hidden = matches.length === 0;
    input.ariaExpanded = String(matches.length > 0);
    if (active >= 0) input.setAttribute("aria-activedescendant", `match-${active}`);
    else input.removeAttribute("aria-activedescendant");
  };
  const close = () => {
    matches = [];
    active = -1;
    show();
  };
  const take = (symbol: string | undefined) => {
    if (!symbol) return;
    input.value = "";
    close();
    choose(symbol);
  };
  const keys: Record<string, () => void> = {
    ArrowDown: () => active = Math.min(matches.length - 1, active + 1),
    ArrowUp: () => active = Math.max(-1, active - 1),
    Enter: () => take((matches[active] ?? matches[0])?.symbol),
    Escape: () => {
      input.value = "";
      close();
    },
  };
  input.addEventListener("input", () => {
    matches = offers(universe(), input.value);
    active = matches[0]?.symbol ? 0 : -1;
    show();
  });
  input.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
    if (event.key.startsWith("Arrow")) show();
  });
  let closing: ReturnType<typeof setTimeout> | undefined;
  input.addEventListener("blur", () => closing = setTimeout(close, 150));
  // Who comes back at once and types would see the list of that closed under it.
  input.addEventListener("focus", () => clearTimeout(closing));
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    if (event.target instanceof HTMLElement) take(event.target.dataset.symbol);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    input.focus();
  });
}
