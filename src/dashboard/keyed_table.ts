/// <reference lib="dom" />
/** A table whose rows are known by name: made once, then only their cells are written. */
import { make, need } from "./element.ts";

/** A row and its cells. */
export interface TableRow {
  readonly element: HTMLTableRowElement;
  readonly cells: readonly HTMLTableCellElement[];
}

/** See the file comment. */
export class KeyedTable {
  readonly #body: HTMLTableSectionElement;
  readonly #rows = new Map<string, TableRow>();

  /** @param classes A class per column; the first column is the row's head. */
  constructor(id: string, readonly classes: readonly string[]) {
    const body = need(id, HTMLTableElement).tBodies[0];
    if (!body) throw new Error(`Cannot fill #${id} as it has no body`);
    this.#body = body;
  }

  /** Makes the rows be these, in this order. */
  rows(keys: readonly string[]): readonly TableRow[] {
    for (const [key, row] of this.#rows) {
      if (keys.includes(key)) continue;
      row.element.remove();
      this.#rows.delete(key);
    }
    return keys.map((key, at) => {
      const row = this.#rows.get(key) ?? this.#add(key);
      const there = this.#body.rows[at];
      if (there !== row.element) this.#body.insertBefore(row.element, there ?? null);
      return row;
    });
  }

  #add(key: string): TableRow {
    const element = make("tr");
    const cells = this.classes.map((name, column) => {
      const cell = make(column === 0 ? "th" : "td", name);
      if (column === 0) cell.scope = "row";
      element.append(cell);
      return cell;
    });
    const row: TableRow = { element, cells };
    this.#rows.set(key, row);
    return row;
  }
}
