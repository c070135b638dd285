/**
 * All distinct subscriptions of one stream, and who wants an event of a given symbol: found once per event as it is pulled,
 * whatever the number of clients.
 */
import { matchesPatterns, type SymbolPatterns } from "../../feed/symbol.ts";
import { Selection, type SelectionStream } from "./selection.ts";
import { selectionKey, type Wanted } from "./wanted.ts";

/** Symbols remembered with their selections; beyond it the memory starts again. */
const SYMBOLS_MAX = 20_000;

/** See the file comment. */
export class SelectionIndex {
  readonly #selections = new Map<string, Selection>();
  readonly #holders = new Map<string, number>();
  /** Those that don't want everything. */
  readonly #choosy = new Set<Selection>();
  readonly #bySymbol = new Map<string, Selection[]>();
  /** Keys of wants that several clients share. */
  readonly #keys = new WeakMap<Wanted, { readonly intervalMs: number; readonly key: string }>();

  constructor(readonly stream: SelectionStream) {}

  get size(): number {
    return this.#selections.size;
  }

  selections(): Iterable<Selection> {
    return this.#selections.values();
  }

  /** The selection for what is wanted, made if nobody has it yet. Give it back with {@link SelectionIndex.release}. */
  hold(wanted: Wanted, intervalMs: number): Selection {
    const key = this.#keyOf(wanted, intervalMs);
    this.#holders.set(key, (this.#holders.get(key) ?? 0) + 1);
    const known = this.#selections.get(key);
    if (known !== undefined) return known;
    const made = new Selection(key, this.stream, wanted, intervalMs);
    this.#selections.set(key, made);
    if (!wanted.patterns.all) {
      this.#choosy.add(made);
      for (const found of this.#remembered(wanted.patterns)) found.push(made);
    }
    return made;
  }

  #keyOf(wanted: Wanted, intervalMs: number): string {
    const known = this.#keys.get(wanted);
    if (known?.intervalMs === intervalMs) return known.key;
    const key = selectionKey(wanted, intervalMs);
    this.#keys.set(wanted, { intervalMs, key });
    return key;
  }

  release(selection: Selection): void {
    const left = (this.#holders.get(selection.key) ?? 1) - 1;
    if (left > 0) return void this.#holders.set(selection.key, left);
    this.#holders.delete(selection.key);
    this.#selections.delete(selection.key);
    if (!this.#choosy.delete(selection)) return;
    for (const found of this.#remembered(selection.wanted.patterns)) {
      found.splice(found.indexOf(selection), 1);
    }
  }

  /**
   * What is remembered of symbols that match: kept up as subscriptions come and go. Finding everybody's anew at each of them
   * took 1.4 s of every second with 5 000 subscriptions and one newcomer a second.
   */
  *#remembered(patterns: SymbolPatterns): Iterable<Selection[]> {
    if (patterns.prefixes.length > 0) {
      for (const [symbol, found] of this.#bySymbol) if (matchesPatterns(patterns, symbol)) yield found;
      return;
    }
    for (const name of patterns.names) {
      const found = this.#bySymbol.get(name);
      if (found !== undefined) yield found;
    }
  }

  /** Tells everybody who wants this symbol that an event of it is at `offset`. */
  note(symbol: string, offset: number): void {
    if (this.#choosy.size === 0) return;
    for (const selection of this.#wanting(symbol)) selection.note(offset);
  }

  #wanting(symbol: string): readonly Selection[] {
    const known = this.#bySymbol.get(symbol);
    if (known !== undefined) return known;
    const found = [...this.#choosy].filter((selection) => matchesPatterns(selection.wanted.patterns, symbol));
    if (this.#bySymbol.size >= SYMBOLS_MAX) this.#bySymbol.clear();
    this.#bySymbol.set(symbol, found);
    return found;
  }
}
