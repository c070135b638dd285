/// <reference lib="dom" />
/** The search field: a combobox over the symbols the server has, after the ARIA practices' list autocomplete. */
import { make, need } from "../element.ts";

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

/** Wires the field; `universe` gives the symbols known now, `choose` gets the chosen one. */
export function startSearch(universe: () => readonly string[], choose: (symbol: string) => void): void {
  const input = need("search", HTMLInputElement);
  const list = need("matches");
  let matches: string[] = [];
  let active = -1;

  const show = () => {
    list.replaceChildren(...matches.map((symbol, at) => {
      const item = make("li", "", symbol);
      item.role = "option";
      item.id = `match-${at}`;
      item.ariaSelected = String(at === active);
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
    // A symbol that hasn't traded yet is not among those known: it is taken as typed.
    Enter: () => take(matches[active] ?? matches[0] ?? input.value.trim().toUpperCase()),
    Escape: () => {
      input.value = "";
      close();
    },
  };
  input.addEventListener("input", () => {
    matches = matchSymbols(universe(), input.value);
    active = matches.length > 0 ? 0 : -1;
    show();
  });
  input.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
    if (event.key.startsWith("Arrow")) show();
  });
  input.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    if (event.target instanceof HTMLElement) take(event.target.textContent ?? undefined);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    input.focus();
  });
}
