/// <reference lib="dom" />
/** The live page: wires the feed to its views. One drawing a frame, from state conflated meanwhile. */
import type { ClientError } from "../../client/failure.ts";
import type { Status } from "../../client/status.ts";
import type { AnyEvent } from "../../client/message.ts";
import { ChartView } from "./chart_view.ts";
import { need, setText } from "../element.ts";
import { FrameLoop } from "../frame_loop.ts";
import { ask, statesOf, type StreamsHealth } from "../health/health_answer.ts";
import { HeatmapView } from "./heatmap_view.ts";
import { LinkBar } from "./link_bar.ts";
import { LiveFeed } from "./live_feed.ts";
import { formatCount, formatPrice, formatRate, zoneName } from "../number_format.ts";
import { asksForToken, pageToken, showTokenForm, startTokenForm } from "../page_token.ts";
import { drawQuote } from "./quote_view.ts";
import { SignalFeed } from "./signal_feed.ts";
import { startSearch } from "./symbol_search.ts";
import { startTheme } from "../theme.ts";
import { TradeTape } from "./trade_tape.ts";
import { askedSymbols, BUSIEST, busiest, keepSymbols } from "./watched_symbols.ts";
import { WatchlistView } from "./watchlist_view.ts";

/** A page left hidden this long gives its connection back. */
const PAUSE_HIDDEN_AFTER_MS = 600_000;
/** How often the server's own word on its streams is asked for, beside the heartbeats. */
const HEALTH_EVERY_MS = 15_000;
/** How often the symbols are asked for while the server has none yet. */
const SYMBOLS_EVERY_MS = 500;
/** … and while there are fewer than are to be watched. */
const SYMBOLS_MORE_EVERY_MS = 2_000;
/** Tries, at {@link SYMBOLS_EVERY_MS}, before slowing down. */
const SYMBOLS_QUICK_TRIES = 60;

class LivePage {
  readonly #loop = new FrameLoop();
  readonly #bar = new LinkBar();
  readonly #chart = new ChartView();
  readonly #heat = new HeatmapView(this.#loop.request);
  readonly #tape = new TradeTape();
  readonly #signals = new SignalFeed((symbol) => this.choose(symbol));
  readonly #watchlist = new WatchlistView({
    onSelect: (symbol) => this.choose(symbol),
    onRemove: (symbol) => this.toggle(symbol),
  });
  readonly feed: LiveFeed;
  #universe: string[] = [];
  #watched: string[] = [];
  /** What is watched is the address's or the reader's choice, not the busiest of the moment. */
  #isOwnChoice = false;
  #chosen = "";
  #asking: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const base = new URL(".", location.href).href;
    // For tests: how soon the way back to a better transport is tried.
    const upgradeIntervalMs = Number(new URLSearchParams(location.search).get("upgrade")) || 30_000;
    this.feed = new LiveFeed(base, {
      maxAttempts: Infinity,
      token: pageToken,
      upgradeIntervalMs,
      pauseHiddenAfterMs: PAUSE_HIDDEN_AFTER_MS,
      onStatusChange: (status) => this.#status(status),
      onStreamStates: (states) => this.#states(states),
      onError: (error) => this.#error(error),
    }, {
      onTick: (event) => event.sym === this.#chosen && this.#tape.add(event),
      onSignals: (lines) => this.#signals.add(lines),
      onHeatmap: (event) => event.sym === this.#chosen && this.#heat.show(event),
      onGap: () => this.#gaps(),
      onChange: this.#loop.request,
    });
    this.#loop.add((now) => this.#draw(now));
  }

  start(): void {
    startTheme(() => {
      this.#chart.recolour();
      this.#heat.recolour();
      this.#loop.request();
    });
    startSearch(() => this.#universe, (symbol) => {
      if (!this.#watched.includes(symbol)) this.toggle(symbol);
      this.choose(symbol);
    });
    startTokenForm(() => {
      this.#connect();
      this.feed.readAgain();
    });
    need("star").addEventListener("click", () => this.toggle(this.#chosen));
    setText(need("foot-zone"), `Times in ${zoneName(new Date())}`);
    const asked = askedSymbols(location.search);
    this.#isOwnChoice = asked.length > 0;
    this.#watch(asked);
    this.#connect();
    void this.#askHealth();
    setInterval(() => void this.#askHealth(), HEALTH_EVERY_MS);
    setInterval(() => this.#second(), 1000);
  }

  #connect(): void {
    void this.feed.client.connect().catch(() => {});
    clearTimeout(this.#asking);
    void this.#askSymbols(0);
  }

  /** Makes a symbol the one that chart, heatmap and tape show. */
  choose(symbol: string): void {
    if (!symbol || symbol === this.#chosen) return;
    this.#chosen = symbol;
    this.#watchlist.select(symbol);
    this.#chart.show(this.feed.series(symbol));
    this.#heat.show(this.feed.heatmap(symbol));
    this.#tape.clear();
    this.#star();
    this.feed.choose(symbol);
    this.#loop.request();
  }

  /** Takes a symbol into the watchlist or out of it. */
  toggle(symbol: string): void {
    if (!symbol) return;
    const isIn = this.#watched.includes(symbol);
    const rest = this.#watched.filter((each) => each !== symbol);
    this.#isOwnChoice = true;
    this.#watch(isIn ? rest : [symbol, ...rest]);
    keepSymbols(this.#watched);
    if (isIn && symbol === this.#chosen) this.choose(this.#watched[0] ?? "");
    this.#star();
  }

  #watch(symbols: string[]): void {
    this.#watched = symbols;
    this.#watchlist.setSymbols(symbols, this.feed.book);
    if (symbols.length > 0) this.feed.watch(symbols);
    if (!this.#chosen && symbols[0]) this.choose(symbols[0]);
  }

  #star(): void {
    need("star").ariaPressed = String(this.#watched.includes(this.#chosen));
  }

  #status(status: Status): void {
    this.#bar.status(status, this.feed.lastEventAt);
    if (status.state !== "closed" || !status.error) return;
    this.#bar.notice(status.error);
    showTokenForm(asksForToken(status.error.code));
  }

  #states(states: Readonly<Record<string, string>>): void {
    this.#bar.states(states);
    this.#chart.setStreams(states);
    this.#signals.setOn(states.signal !== "off");
    this.#loop.request();
  }

  #error(error: ClientError): void {
    this.#bar.trouble(error);
    if (error.fatal || error.code === "UNKNOWN_SYMBOL" || error.code === "BAD_SYMBOL") {
      this.#bar.notice(error);
    }
  }

  #gaps(): void {
    const { gaps } = this.feed;
    this.#chart.setGaps(
      gaps.filter(({ stream }) => stream === "tick" || stream === "minute").map(({ band }) => band),
    );
    setText(need("foot-gaps"), `${formatCount(gaps.length)} ${gaps.length === 1 ? "gap" : "gaps"}`);
    need("foot-gaps").dataset.sign = "warn";
  }

  #second(): void {
    const { feed } = this;
    this.feed.adapt(feed.ticks);
    setText(need("foot-rate"), `${formatRate(feed.ticks)} ticks/s${feed.isConflated ? ", conflated" : ""}`);
    feed.ticks = 0;
    const { price } = feed.book.of(this.#chosen);
    if (this.#chosen) document.title = `${formatPrice(price)} ${this.#chosen} · tickcast`;
    this.#bar.roundTrip(feed.client.stats.roundTripMs);
  }

  #draw(now: number): void {
    const changed = this.feed.book.takeChanged();
    const isTinted = this.#watchlist.draw(now, changed, this.feed.book);
    if (this.#chosen) drawQuote(this.feed.book.of(this.#chosen));
    this.#chart.draw();
    this.#heat.draw(this.feed.book.of(this.#chosen).price);
    this.#signals.draw();
    this.#tape.draw();
    if (isTinted) this.#loop.request();
  }

  async #askHealth(): Promise<void> {
    const { value: health } = await ask<StreamsHealth>("health/streams", AbortSignal.timeout(5_000));
    if (!health) return;
    need("simulated").hidden = health.simulated !== true;
    this.#states(statesOf(health));
  }

  /** What can be searched for, and what is watched when the reader has chosen nothing yet. */
  async #askSymbols(tries: number): Promise<void> {
    const { value: answer } = await ask<{ events: AnyEvent[] }>(
      "snapshot/tick?fields=price,close,dayVolume",
      AbortSignal.timeout(10_000),
    );
    this.#universe = busiest(answer?.events ?? []);
    if (!this.#isOwnChoice || this.#watched.length === 0) this.#fillUp();
    this.#asking = setTimeout(() => void this.#askSymbols(tries + 1), this.#symbolsAgainMs(tries));
  }

  /** On a server that has just begun few symbols have traded: others are taken up as they come. */
  #fillUp(): void {
    const more = this.#universe.filter((symbol) => !this.#watched.includes(symbol));
    const some = more.slice(0, Math.max(0, BUSIEST - this.#watched.length));
    if (some.length > 0) this.#watch([...this.#watched, ...some]);
  }

  #symbolsAgainMs(tries: number): number {
    const { length } = this.#universe;
    if (length >= Math.min(BUSIEST, this.#isOwnChoice ? this.#watched.length || 1 : BUSIEST)) return 30_000;
    if (tries >= SYMBOLS_QUICK_TRIES) return length === 0 ? 5_000 : 30_000;
    return length === 0 || this.#isOwnChoice ? SYMBOLS_EVERY_MS : SYMBOLS_MORE_EVERY_MS;
  }

  /** For tests and the curious, as `tickcastPage` in the console. */
  inspect(symbol: string) {
    return {
      status: this.feed.client.status,
      stats: this.feed.client.stats,
      cursor: this.feed.client.cursor,
      gaps: this.feed.gaps,
      bars: this.feed.series(symbol).bars(),
      quote: this.feed.book.of(symbol),
      frameCostsMs: this.#loop.costsMs,
    };
  }
}

const page = new LivePage();
page.start();
Object.assign(globalThis, { tickcastPage: page });
