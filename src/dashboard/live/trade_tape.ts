/// <reference lib="dom" />
/** The tape: the chosen symbol's newest trades (or seconds, where no trades come). Rows are made once and rewritten. */
import type { StreamEvents } from "../../client/message.ts";
import { make, need, setText } from "../element.ts";
import { formatCompact, formatPrice, formatTime } from "../number_format.ts";

/** Lines shown. */
const LINES = 40;

interface Print {
  readonly t: number;
  readonly price: number;
  readonly size: number | undefined;
  readonly sign: "up" | "down" | "";
}

/** See the file comment. */
export class TradeTape {
  readonly #lines: { row: HTMLElement; cells: [HTMLElement, HTMLElement, HTMLElement] }[] = [];
  #prints: Print[] = [];
  #last: number | undefined;
  #hasTrades = false;
  #isDirty = true;

  constructor() {
    const list = need("tape");
    for (let n = 0; n < LINES; n++) {
      const row = make("li");
      const cells: [HTMLElement, HTMLElement, HTMLElement] = [
        make("span", "dim"),
        make("span", "last"),
        make("span"),
      ];
      row.append(...cells);
      list.append(row);
      this.#lines.push({ row, cells });
    }
  }

  /** Begins anew for another symbol. */
  clear(): void {
    this.#prints = [];
    this.#last = undefined;
    this.#hasTrades = false;
    this.#isDirty = true;
  }

  add(event: StreamEvents["tick"]): void {
    if (event.type === "trade") this.#hasTrades = true;
    else if (this.#hasTrades) return;
    const price = event.type === "trade" ? event.price : event.close;
    // Fractions of a share come in `ds` with a size of 0 (`docs/protocol.md`).
    const size = event.type === "second" ? event.volume : event.size || Number(event.ds ?? event.size);
    const was = this.#last ?? price;
    this.#prints.unshift({ t: event.t, price, size, sign: price > was ? "up" : price < was ? "down" : "" });
    this.#last = price;
    if (this.#prints.length > LINES * 2) this.#prints.length = LINES;
    this.#isDirty = true;
  }

  draw(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    this.#lines.forEach(({ row, cells }, at) => {
      const print = this.#prints[at];
      row.dataset.sign = print?.sign ?? "";
      setText(cells[0], print ? formatTime(print.t) : at === 0 ? "None yet" : "");
      setText(cells[1], print ? formatPrice(print.price) : "");
      setText(cells[2], print ? formatCompact(print.size) : "");
    });
  }
}
