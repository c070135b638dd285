/**
 * Minute bars in, heatmaps out, for the symbols asked for. A snapshot is given only when its content differs from the last
 * one given for its symbol. The model is in `liquidation_model.ts`; what a snapshot says in `../feed/heatmap_content.ts`.
 */
import type { Heatmap, MinuteBar } from "../../feed/event.ts";
import { canonicalSymbol } from "../../feed/symbol.ts";
import { Checkpoints, type CheckpointSource } from "../checkpoint.ts";
import { contentHash } from "./content_hash.ts";
import { HeatBars } from "./heat_bars.ts";
import type { Exposure } from "./heat_bars.ts";
import { columnMs, heatmapContent } from "./heat_grid.ts";
import { readHeatBar, readTiers } from "./liquidation_model.ts";
import { thresholdReader } from "../threshold.ts";

/** Symbols at most. */
export const HEATMAP_MAX_SYMBOLS = 200;
/** A newest bar that ended longer ago is called stale. */
export const HEATMAP_STALE_MS = 15 * 60_000;
const MINUTE_MS = 60_000;

/** How {@link createHeatmapFold} is set up: `SignalSettings`, with the symbols resolved. */
export interface HeatmapFoldOptions {
  readonly symbols: readonly string[];
  readonly windowMinutes: number;
  readonly intervalMinutes: number;
  readonly thresholds?: ReadonlyMap<string, number>;
}

/** A running fold. */
export interface HeatmapFold {
  /** Takes a minute bar, new, late or corrected; of other symbols, or without a price, it is ignored. Never throws. */
  apply(bar: MinuteBar): void;
  /**
   * Heatmaps whose content is not what was last given, at most `limit` (the others come with the next call). Symbols without
   * bars give an empty one, once. `t` and `rx` are `nowMs`, or the last snapshot's where the clock went back.
   */
  snapshots(nowMs: number, limit?: number): readonly Heatmap[];
  /** Heatmaps that stand in their list already, oldest first: the same content is not given again. */
  remember(heatmaps: Iterable<Heatmap>): void;
  /** The states that changed since the last one. */
  readonly checkpoints: CheckpointSource;
  /** Takes up saved states of the symbols asked for. Gives how many could not be read. */
  restore(states: ReadonlyMap<string, string>): number;
  /** Sums of one symbol since it was first heard of; undefined for a symbol not asked for. */
  exposure(symbol: string): Exposure | undefined;
}

interface SymbolMap {
  readonly bars: HeatBars;
  /** Bars changed since the content was last looked at. */
  dirty: boolean;
  stale: boolean;
  hash: string;
}

class Fold implements HeatmapFold {
  readonly #maps = new Map<string, SymbolMap>();
  readonly checkpoints = new Checkpoints<HeatBars>((bars) => bars.save());
  #lastT = -Infinity;

  constructor(options: HeatmapFoldOptions) {
    const tiers = readTiers(thresholdReader(options.thresholds ?? new Map()));
    const intervalMs = columnMs(options.windowMinutes, options.intervalMinutes);
    const windowMs = Math.ceil((options.windowMinutes * MINUTE_MS) / intervalMs) * intervalMs;
    for (const symbol of options.symbols.map(canonicalSymbol)) {
      if (this.#maps.size >= HEATMAP_MAX_SYMBOLS) break;
      const bars = new HeatBars(symbol, windowMs, intervalMs, tiers);
      this.#maps.set(symbol, { bars, dirty: true, stale: false, hash: "" });
    }
  }

  apply(bar: MinuteBar): void {
    const map = this.#maps.get(bar.sym);
    const heatBar = map && readHeatBar(bar);
    if (map === undefined || heatBar === undefined) return;
    this.checkpoints.touch(map.bars);
    if (map.bars.put(heatBar)) map.dirty = true;
  }

  snapshots(nowMs: number, limit = Infinity): readonly Heatmap[] {
    const heatmaps: Heatmap[] = [];
    const t = Math.max(nowMs, this.#lastT);
    for (const [sym, map] of this.#maps) {
      if (heatmaps.length >= limit) break;
      const newest = map.bars.newest;
      const stale = newest !== undefined && t - newest.end > HEATMAP_STALE_MS;
      if (!map.dirty && stale === map.stale) continue;
      map.dirty = false;
      map.stale = stale;
      const content = heatmapContent(map.bars, stale);
      const hash = contentHash(JSON.stringify(content));
      if (hash === map.hash) continue;
      map.hash = hash;
      this.#lastT = t;
      heatmaps.push({ type: "heatmap", sym, t, rx: t, hash, ...content });
    }
    return heatmaps;
  }

  remember(heatmaps: Iterable<Heatmap>): void {
    for (const heatmap of heatmaps) {
      const map = this.#maps.get(heatmap.sym);
      if (map !== undefined) map.hash = heatmap.hash;
      if (heatmap.t > this.#lastT) this.#lastT = heatmap.t;
    }
  }

  restore(states: ReadonlyMap<string, string>): number {
    let unreadable = 0;
    for (const [sym, text] of states) {
      const map = this.#maps.get(sym);
      if (map !== undefined && !map.bars.open(text)) unreadable++;
    }
    return unreadable;
  }

  exposure(symbol: string): Exposure | undefined {
    return this.#maps.get(symbol)?.bars.exposure();
  }
}

/** A fold with no bars yet. */
export const createHeatmapFold = (options: HeatmapFoldOptions): HeatmapFold => new Fold(options);
