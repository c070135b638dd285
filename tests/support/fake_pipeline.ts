/** A data path that keeps nothing: it reads frames as far as the upstream side needs, and remembers what it was told. */
import type { ChannelHealth } from "../../src/feed/health.ts";
import type { GapToTell } from "../../src/ingest/channel/loss.ts";
import type { Pipeline } from "../../src/ingest/channel/pipeline.ts";
import type { UpstreamFrame } from "../../src/ingest/wire/frame.ts";

/** See {@link Pipeline}. */
export class FakePipeline implements Pipeline {
  readonly frames: UpstreamFrame[] = [];
  readonly gaps: (GapToTell & { readonly stream: string })[] = [];
  readonly minuteStream: { readonly up: boolean; readonly symbols: readonly string[] | undefined }[] = [];
  readonly switched: string[] = [];
  readonly terms: number[] = [];
  rates: ReadonlyMap<string, number> = new Map();
  flushed = 0;
  /** Streams its health shows as on. */
  on: readonly string[] = [];
  #fenced: (() => void) | undefined;

  accept(frame: UpstreamFrame) {
    this.frames.push(frame);
    const elements: { ev?: string; status?: string; message?: string; t?: number }[] = JSON.parse(frame.text);
    const statuses = elements.filter((one) => one.ev === "status")
      .map((one) => ({ status: one.status ?? "", message: one.message ?? "" }));
    const events = elements.filter((one) => one.ev !== "status");
    return { statuses, events: events.length, latestEventT: events.at(-1)?.t ?? null };
  }
  offer() {}
  lead(fence: number, signal: AbortSignal): Promise<"fenced" | "aborted"> {
    this.terms.push(fence);
    return new Promise((resolve) => {
      this.#fenced = () => resolve("fenced");
      if (signal.aborted) resolve("aborted");
      signal.addEventListener("abort", () => resolve("aborted"), { once: true });
    });
  }
  /** Somebody else holds the lease. */
  fence() {
    this.#fenced?.();
  }
  tellGap(stream: string, gap: GapToTell) {
    this.gaps.push({ stream, ...gap });
  }
  start(stream: string) {
    this.switched.push(`start ${stream}`);
  }
  stop(stream: string) {
    this.switched.push(`stop ${stream}`);
  }
  pressure = () => 0;
  health() {
    const channels = this.on.map((stream): ChannelHealth => ({
      stream,
      state: "on",
      processed: 0,
      failed: 0,
      dropped: {},
      repeats: 0,
      corrections: 0,
      meanMs: 0,
      p99Ms: 0,
      lastProcessedAt: null,
      queueDepth: 0,
      lastEventT: null,
      lastEventRx: null,
      rate: 0,
      upstreamLagMs: null,
      appendLagMs: null,
      lists: [],
      gaps: [],
    }));
    return { channels, dropsByReason: {} };
  }
  symbolRates = () => this.rates;
  setMinuteStreamUp(up: boolean, symbols?: Iterable<string>) {
    this.minuteStream.push({ up, symbols: symbols === undefined ? undefined : [...symbols] });
  }
  flush(): Promise<void> {
    this.flushed++;
    return Promise.resolve();
  }
}
