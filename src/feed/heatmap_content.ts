/**
 * What a heatmap event says beside the common fields (`docs/heatmap.md`): estimated liquidation exposure still standing,
 * time × price, sparse. It is a model's estimate, not anybody's order book.
 */

/** The content the `hash` is of: equal content, equal hash. Prices and amounts in the quote currency. */
export interface HeatmapContent {
  /** Last price known to it; null when there is no data. */
  readonly price: number | null;
  /** End of the newest bar in it, Unix ms; null when there is no data. */
  readonly newest: number | null;
  /** The newest bar is over 15 minutes old. */
  readonly stale: boolean;
  /** Bin `b` holds prices from `low + b·step` up to `low + (b + 1)·step`. All 0 when there is no data. */
  readonly bins: { readonly low: number; readonly step: number; readonly count: number };
  /** Column `c` holds what was built up from `from + c·intervalMs` on, for `intervalMs`, Unix ms. */
  readonly columns: { readonly from: number; readonly intervalMs: number; readonly count: number };
  /** What one of a cell's amounts is worth, in the quote currency: a power of ten that keeps them within three digits. */
  readonly unit: number;
  /**
   * For each column `[bin, amount, bin, amount, …]`, bins rising: exposure built up in that column that still stands at that
   * price, in `unit`s, rounded so that the sum of all is right. A level stands from its column to the newest: drawn over
   * time, a cell reaches to the right edge.
   */
  readonly cells: readonly (readonly number[])[];
  /** Of the window: everything built up = still shown + consumed by the price, in whole units of the quote currency, exact. */
  readonly exposure: { readonly in: number; readonly shown: number; readonly consumed: number };
}
