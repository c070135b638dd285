/// <reference lib="dom" />
/** What the live page knows: the client's subscriptions folded into quotes, minute series and gaps. */
import type { GapNotice, StreamEvents } from "../../client/message.ts";
import type { Subscription } from "../../client/subscription.ts";
import { Tickcast } from "../../client/tickcast.ts";
import type { TickcastOptions } from "../../client/options.ts";
import type { GapBand } from "./gap_bands.ts";
import { MinuteSeries } from "./minute_series.ts";
import { QuoteBook } from "./quote_book.ts";
import { PastReader } from "./read_back.ts";
import { formatCount } from "../number_format.ts";

/** Above this many ticks a second the page asks for the latest per symbol only, … */
export const CONFLATE_ABOVE_HZ = 4000;
/** … so many times a second. */
const CONFLATED_MAX_HZ = 10;
const GAPS_MAX = 50;

/** What the page does with news. */
export interface LiveFeedEvents {
  onTick(event: StreamEvents["tick"]): void;
  onSignals(lines: readonly (StreamEvents["signal"] | GapNotice)[]): void;
  onHeatmap(event: StreamEvents["heatmap"]): void;
  onGap(): void;
  /** Anything changed: draw. */
  onChange(): void;
}

/** See the file comment. */
export class LiveFeed {
  readonly client: Tickcast;
  readonly book = new QuoteBook();
  readonly gaps: { readonly stream: string; readonly band: GapBand }[] = [];
  ticks = 0;
  readonly #series = new Map<string, MinuteSeries>();
  readonly #heatmaps = new Map<string, StreamEvents["heatmap"]>();
  #subscriptions: {
    tick: Subscription<"tick">;
    minute: Subscription<"minute">;
    fmv: Subscription<"fmv">;
    signal: Subscription<"signal">;
    heatmap: Subscription<"heatmap"> | undefined;
  } | undefined;
  readonly #past = new PastReader(["minute", "fmv"], (...asked) => this.#readBack(...asked));
  #isConflated = false;
  #lastEventAt: number | undefined;

  constructor(address: string, options: TickcastOptions, readonly events: LiveFeedEvents) {
    this.client = new Tickcast(address, {
      ...options,
      onEvents: () => events.onChange(),
      onGap: (gap) => this.#gap(gap),
    });
  }

  /** Event time of the newest tick, Unix ms. */
  get lastEventAt(): number | undefined {
    return this.#lastEventAt;
  }

  /** The symbol's minute series, empty at first. */
  series(symbol: string): MinuteSeries {
    let series = this.#series.get(symbol);
    if (!series) this.#series.set(symbol, series = new MinuteSeries());
    return series;
  }

  /** The newest heatmap of a symbol. */
  heatmap(symbol: string): StreamEvents["heatmap"] | undefined {
    return this.#heatmaps.get(symbol);
  }

  /** Watches exactly these: what was watched before and isn't any more is unsubscribed. */
  watch(symbols: readonly string[]): void {
    this.#past.watch(symbols);
    const held = this.#subscriptions;
    if (held) {
      for (const each of [held.tick, held.minute, held.fmv, held.signal]) {
        each.change({ symbols, snapshot: each !== held.signal });
      }
      return;
    }
    const { client } = this;
    this.#subscriptions = {
      tick: client.subscribe({ streams: ["tick"], symbols, snapshot: true }, {
        onEvents: ({ events }) => this.#ticks(events),
        // The state of the quotes, not news: counted into neither the minute that is going on nor the tape.
        onSnapshot: ({ events }) => {
          for (const event of events) this.book.tick(event);
          this.events.onChange();
        },
      }),
      minute: client.subscribe({ streams: ["minute"], symbols, snapshot: true }, {
        onEvents: ({ events }) => this.#minutes(events),
        onSnapshot: ({ events, last }) => {
          this.#minutes(events);
          if (last) this.#past.followed("minute");
        },
      }),
      fmv: client.subscribe({ streams: ["fmv"], symbols, snapshot: true }, {
        onEvents: ({ events }) => this.#fairs(events),
        onSnapshot: ({ events, last }) => {
          this.#fairs(events);
          if (last) this.#past.followed("fmv");
        },
      }),
      signal: client.subscribe({ streams: ["signal"], symbols, cursor: "earliest" }, {
        onEvents: ({ events }) => this.events.onSignals(events),
        onGap: (gap) => this.events.onSignals([gap]),
      }),
      heatmap: undefined,
    };
  }

  /** Follows the chosen symbol's heatmap, and reads back what the server still holds of its bars and fair values. */
  choose(symbol: string): void {
    this.#past.choose(symbol);
    const held = this.#subscriptions;
    if (held?.heatmap) held.heatmap.change({ symbols: [symbol], snapshot: true });
    else if (held) {
      held.heatmap = this.client.subscribe({ streams: ["heatmap"], symbols: [symbol] }, {
        onSnapshot: ({ events }) => {
          for (const event of events) {
            this.#heatmaps.set(event.sym, event);
            this.events.onHeatmap(event);
          }
        },
      });
    }
  }

  /** Reads the chosen symbol's past anew: with another token what was refused may be had. */
  readAgain(): void {
    this.#past.again();
  }

  /** Called once a second with the ticks that came: asks for less when the page is given more than it can show. */
  adapt(ticksPerSecond: number): void {
    const tick = this.#subscriptions?.tick;
    if (!tick || this.#isConflated || ticksPerSecond < CONFLATE_ABOVE_HZ) return;
    this.#isConflated = true;
    tick.change({ mode: "latest", maxHz: CONFLATED_MAX_HZ });
  }

  get isConflated(): boolean {
    return this.#isConflated;
  }

  async #readBack(stream: "minute" | "fmv", symbol: string, signal: AbortSignal): Promise<void> {
    const asked = { symbols: [symbol], signal };
    if (stream === "minute") {
      for await (const { events } of this.client.history({ stream, ...asked })) this.#minutes(events);
    } else for await (const { events } of this.client.history({ stream, ...asked })) this.#fairs(events);
  }

  #ticks(events: readonly StreamEvents["tick"][]): void {
    for (const event of events) {
      this.book.tick(event);
      this.series(event.sym).tick(event);
      this.events.onTick(event);
    }
    this.ticks += events.length;
    this.#lastEventAt = events.at(-1)?.t ?? this.#lastEventAt;
    this.events.onChange();
  }

  #minutes(events: readonly StreamEvents["minute"][]): void {
    for (const event of events) {
      this.book.minute(event);
      this.series(event.sym).bar(event);
    }
    this.events.onChange();
  }

  #fairs(events: readonly StreamEvents["fmv"][]): void {
    for (const event of events) {
      this.book.fair(event);
      this.series(event.sym).fair(event);
    }
    this.events.onChange();
  }

  /** Between the last event before the loss and now, unless the server knows better. */
  #gap(gap: GapNotice): void {
    const from = gap.from ?? this.#lastEventAt ?? Date.now();
    const to = gap.to ?? Math.max(from, Date.now());
    const lost = gap.lost === null ? "gap" : `gap: ${formatCount(gap.lost)} lost`;
    this.gaps.push({ stream: gap.stream, band: { from, to, label: `${gap.stream} ${lost}` } });
    if (this.gaps.length > GAPS_MAX) this.gaps.shift();
    this.events.onGap();
    this.events.onChange();
  }
}
