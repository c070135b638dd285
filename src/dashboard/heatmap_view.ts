/// <reference lib="dom" />
/** The heatmap on a canvas. */
import type { StreamEvents } from "../client/message.ts";
import { need } from "./element.ts";

/** See the file comment. */
export class HeatmapView {
  constructor(readonly request: () => void) {}

  show(_event: StreamEvents["heatmap"] | undefined): void {
    need("heat-empty").hidden = false;
  }

  recolour(): void {}

  draw(_price: number | undefined): void {}
}
