/// <reference lib="dom" />
/** The watchlist: a list box of rows, each its own few cells, written once a frame and only where something changed. */
import { make, need, setText } from "../element.ts";
import { formatCompact, formatPercent, formatPrice } from "../number_format.ts";
import { changePercent, type Quote, type QuoteBook } from "./quote_book.ts";

/** How long a price stays tinted after it changed. */
const FLASH_MS = 320;

interface Row {
  readonly element: HTMLElement;
  readonly price: HTMLElement;
  readonly change: HTMLElement;
  readonly volume: HTMLElement;
  changes: number;
  flashUntil: number;
}

/** What the reader does in it. */
export interface WatchlistEvents {
  onSelect(symbol: string): void;
  onRemove(symbol: string): void;
}

/** See the file comment. */
export class WatchlistView {
  readonly #box = need("watchlist");
  readonly #rows = new Map<string, Row>();
  readonly #flashing = new Set<Row>();
  #selected = "";

  constructor(readonly events: WatchlistEvents) {
    this.#box.addEventListener("click", (event) => {
      const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-symbol]") : null;
      if (row?.dataset.symbol) events.onSelect(row.dataset.symbol);
    });
    this.#box.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Shows these symbols, in this order. */
  setSymbols(symbols: readonly string[], book: QuoteBook): void {
    for (const [symbol, row] of this.#rows) {
      if (symbols.includes(symbol)) continue;
      row.element.remove();
      this.#flashing.delete(row);
      this.#rows.delete(symbol);
    }
    symbols.forEach((symbol, at) => {
      const row = this.#rows.get(symbol) ?? this.#addRow(symbol);
      if (this.#box.children[at] !== row.element) {
        this.#box.insertBefore(row.element, this.#box.children[at] ?? null);
      }
      this.#write(row, book.of(symbol), 0);
    });
    need("watch-empty").hidden = symbols.length > 0;
  }

  select(symbol: string): void {
    this.#mark(this.#selected, false);
    this.#selected = symbol;
    this.#mark(symbol, true);
  }

  /** Writes what changed; true while a tint is still to be taken away. */
  draw(now: number, changed: ReadonlySet<string>, book: QuoteBook): boolean {
    for (const symbol of changed) {
      const row = this.#rows.get(symbol);
      if (row) this.#write(row, book.of(symbol), now);
    }
    for (const row of this.#flashing) {
      if (row.flashUntil > now) continue;
      row.price.removeAttribute("data-flash");
      this.#flashing.delete(row);
    }
    return this.#flashing.size > 0;
  }

  #addRow(symbol: string): Row {
    const element = make("div", "row");
    element.role = "option";
    element.id = `row-${this.#rows.size}-${crypto.randomUUID().slice(0, 8)}`;
    element.dataset.symbol = symbol;
    element.ariaSelected = "false";
    const price = make("span", "num last");
    const change = make("span", "num change");
    const volume = make("span", "num volume");
    element.append(make("span", "symbol", symbol), price, change, volume);
    const row: Row = { element, price, change, volume, changes: 0, flashUntil: 0 };
    this.#rows.set(symbol, row);
    return row;
  }

  #write(row: Row, quote: Quote, now: number): void {
    setText(row.price, formatPrice(quote.price));
    const percent = changePercent(quote);
    setText(row.change, formatPercent(percent));
    row.change.dataset.sign = percent === undefined
      ? ""
      : percent > 0.004
      ? "up"
      : percent < -0.004
      ? "down"
      : "";
    setText(row.volume, formatCompact(quote.dayVolume));
    if (row.changes === quote.changes) return;
    row.changes = quote.changes;
    if (now === 0) return;
    row.flashUntil = now + FLASH_MS;
    row.price.dataset.flash = quote.direction;
    this.#flashing.add(row);
  }

  #mark(symbol: string, selected: boolean): void {
    const element = this.#rows.get(symbol)?.element;
    if (!element) return;
    element.ariaSelected = String(selected);
    if (!selected) return;
    this.#box.setAttribute("aria-activedescendant", element.id);
    element.scrollIntoView({ block: "nearest" });
  }

  #key(event: KeyboardEvent): void {
    const symbols = [...this.#box.children].map((row) =>
      row instanceof HTMLElement ? row.dataset.symbol ?? "" : ""
    );
    const at = symbols.indexOf(this.#selected);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e6, End: 1e6 }[event.key];
    if (step !== undefined) {
      const next = symbols[Math.max(0, Math.min(symbols.length - 1, at + step))];
      if (next) this.events.onSelect(next);
    } else if (event.key === "Delete" && this.#selected) this.events.onRemove(this.#selected);
    else return;
    event.preventDefault();
  }
}
