/** Gaps drawn where they happened: a hatched band over the chart from the last event before to the first one after. */
import type {
  IChartApi,
  IPanePrimitive,
  IPrimitivePaneRenderer,
  Logical,
  PaneAttachedParameter,
  Time,
} from "lightweight-charts";

/** A loss, placed in time. */
export interface GapBand {
  /** Unix ms. */
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

type Target = Parameters<IPrimitivePaneRenderer["draw"]>[0];

/** A pane primitive of the chart library. */
export class GapBands implements IPanePrimitive<Time> {
  #chart: IChartApi | undefined;
  #request: () => void = () => {};
  #bands: readonly GapBand[] = [];
  readonly #views = [{
    zOrder: () => "bottom" as const,
    renderer: () => ({ draw: (target: Target) => this.#draw(target) }),
  }];

  constructor(readonly colour: () => string) {}

  attached({ chart, requestUpdate }: PaneAttachedParameter<Time>): void {
    this.#chart = chart as IChartApi;
    this.#request = requestUpdate;
  }

  paneViews(): readonly { renderer(): IPrimitivePaneRenderer }[] {
    return this.#views;
  }

  set(bands: readonly GapBand[]): void {
    this.#bands = bands;
    this.#request();
  }

  /** X of a time; of times between bars, between them. */
  #x(ms: number): number | undefined {
    const scale = this.#chart?.timeScale();
    const index = scale?.timeToIndex(Math.floor(ms / 60_000) * 60 as Time, true);
    if (scale === undefined || index === null || index === undefined) return undefined;
    return scale.logicalToCoordinate(Number(index) as Logical) ?? undefined;
  }

  #draw(target: Target): void {
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      for (const band of this.#bands) {
        const from = this.#x(band.from);
        const to = this.#x(band.to);
        if (from === undefined || to === undefined) continue;
        const left = Math.min(from, to) - 3;
        const width = Math.max(6, Math.abs(to - from) + 6);
        context.fillStyle = this.colour();
        context.globalAlpha = 0.16;
        context.fillRect(left, 0, width, mediaSize.height);
        context.globalAlpha = 0.9;
        context.font = "11px Inter, system-ui, sans-serif";
        context.textAlign = left > mediaSize.width / 2 ? "right" : "left";
        context.fillText(band.label, left > mediaSize.width / 2 ? left - 4 : left + width + 4, 14);
        context.fillRect(left, 0, 1, mediaSize.height);
        context.fillRect(left + width - 1, 0, 1, mediaSize.height);
        context.globalAlpha = 1;
      }
    });
  }
}
