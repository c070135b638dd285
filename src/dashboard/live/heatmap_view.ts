/// <reference lib="dom" />
/** The heatmap on a canvas: time to the right, price up, with readable axes, the price's line and a hover that tells numbers. */
import { need, setText } from "../element.ts";
import { colourIndex, colourTable } from "./heat_colours.ts";
import { type HeatGrid, heatGrid, niceTicks } from "./heatmap_grid.ts";
import { formatCompact, formatMinute, formatPrice, priceDigits } from "../number_format.ts";
import { colour, isDark } from "../theme.ts";

/** Room for the axes, px. */
const RIGHT = 70;
const BOTTOM = 24;
const TOP = 6;

/** See the file comment. */
export class HeatmapView {
  readonly #canvas = need("heat", HTMLCanvasElement);
  readonly #box = need("heat-box");
  readonly #image = document.createElement("canvas");
  #event: Readonly<Record<string, unknown>> | undefined;
  #spanPercent: number | undefined = 5;
  #grid: HeatGrid | undefined;
  #isDirty = true;
  #drawnPrice: number | undefined;
  #hover: { readonly column: number; readonly bin: number } | undefined;

  constructor(readonly request: () => void) {
    const redraw = () => {
      this.#isDirty = true;
      request();
    };
    new ResizeObserver(redraw).observe(this.#box);
    this.#box.addEventListener("pointermove", (event) => this.#point(event.offsetX, event.offsetY));
    this.#box.addEventListener("pointerleave", () => this.#setHover(undefined));
    this.#box.addEventListener("blur", () => this.#setHover(undefined));
    this.#box.addEventListener("keydown", (event) => this.#key(event));
    need("heat-spans").addEventListener("click", ({ target }) => {
      if (target instanceof HTMLElement && target.dataset.span !== undefined) {
        this.#setSpan(target.dataset.span);
      }
    });
  }

  /** Shows a heatmap event, or that there is none. */
  show(event: Readonly<Record<string, unknown>> | undefined): void {
    this.#event = event;
    this.#grid = event && heatGrid(event, this.#spanPercent);
    this.#hover = undefined;
    need("heat-empty").hidden = this.#grid !== undefined;
    this.#canvas.hidden = this.#grid === undefined;
    this.#box.setAttribute("aria-label", describe(this.#grid));
    this.#paint();
    this.#readout();
  }

  /** Takes the colours of the theme. */
  recolour(): void {
    const table = colourTable(isDark());
    const scale = need("heat-scale", HTMLCanvasElement);
    const context = scale.getContext("2d");
    const strip = new ImageData(120, 1);
    for (let x = 0; x < 120; x++) {
      strip.data.set(table.subarray(Math.floor(x * 2.13) * 4, Math.floor(x * 2.13) * 4 + 4), x * 4);
    }
    for (let y = 0; y < 8; y++) context?.putImageData(strip, 0, y);
    this.#paint();
  }

  /** Draws when something changed; the price's line moves with the price. */
  draw(price: number | undefined): void {
    const shown = price ?? this.#grid?.price;
    if (!this.#isDirty && shown === this.#drawnPrice) return;
    this.#isDirty = false;
    this.#drawnPrice = shown;
    const context = this.#canvas.getContext("2d");
    if (!context || !this.#grid) return;
    const { clientWidth: width, clientHeight: height } = this.#box;
    const scale = globalThis.devicePixelRatio || 1;
    if (
      this.#canvas.width !== Math.round(width * scale) || this.#canvas.height !== Math.round(height * scale)
    ) {
      this.#canvas.width = Math.round(width * scale);
      this.#canvas.height = Math.round(height * scale);
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.#image, 0, TOP, this.#width, this.#height);
    context.font = "11px Inter, system-ui, sans-serif";
    this.#drawAxes(context, this.#grid);
    this.#drawPrice(context, this.#grid, shown);
    this.#drawHover(context, this.#grid);
  }

  #setSpan(span: string): void {
    for (const button of need("heat-spans").querySelectorAll("button")) {
      button.ariaPressed = String(button.dataset.span === span);
    }
    this.#spanPercent = span === "" ? undefined : Number(span);
    this.show(this.#event);
  }

  get #width(): number {
    return Math.max(1, this.#box.clientWidth - RIGHT);
  }

  get #height(): number {
    return Math.max(1, this.#box.clientHeight - BOTTOM - TOP);
  }

  #yOf(grid: HeatGrid, price: number): number {
    return TOP + this.#height * (1 - (price - grid.low) / (grid.bins * grid.step));
  }

  /** The cells as an image of one pixel each; drawn scaled. */
  #paint(): void {
    this.#isDirty = true;
    this.request();
    const grid = this.#grid;
    if (!grid) return;
    this.#image.width = grid.columns;
    this.#image.height = grid.bins;
    const table = colourTable(isDark());
    const pixels = new ImageData(grid.columns, grid.bins);
    grid.values.forEach((value, at) => {
      const bin = Math.floor(at / grid.columns);
      const target = (grid.bins - 1 - bin) * grid.columns + at % grid.columns;
      const index = colourIndex(value, grid.strong) * 4;
      pixels.data.set(table.subarray(index, index + 4), target * 4);
    });
    this.#image.getContext("2d")?.putImageData(pixels, 0, 0);
  }

  #drawAxes(context: CanvasRenderingContext2D, grid: HeatGrid): void {
    context.fillStyle = colour("dim");
    context.textBaseline = "middle";
    context.textAlign = "left";
    const high = grid.low + grid.bins * grid.step;
    for (const price of niceTicks(grid.low, high, this.#height / 44)) {
      const y = this.#yOf(grid, price);
      if (y > TOP + 6 && y < TOP + this.#height - 4) {
        context.fillText(formatPrice(price, priceDigits(price)), this.#width + 8, y);
      }
    }
    context.textAlign = "center";
    const every = Math.max(1, Math.ceil(grid.columns / (this.#width / 84)));
    for (let column = every; column < grid.columns; column += every) {
      const x = column / grid.columns * this.#width;
      if (x < this.#width - 20) {
        context.fillText(formatMinute(grid.from + column * grid.intervalMs), x, TOP + this.#height + 14);
      }
    }
  }

  #drawPrice(context: CanvasRenderingContext2D, grid: HeatGrid, price: number | undefined): void {
    if (price === undefined) return;
    const y = this.#yOf(grid, price);
    if (y < TOP || y > TOP + this.#height) return;
    context.strokeStyle = colour("text");
    context.setLineDash([2, 3]);
    context.beginPath();
    context.moveTo(0, Math.round(y) + 0.5);
    context.lineTo(this.#width, Math.round(y) + 0.5);
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = colour("text");
    context.fillRect(this.#width + 2, y - 9, RIGHT - 6, 18);
    context.fillStyle = colour("panel");
    context.textAlign = "left";
    context.fillText(formatPrice(price), this.#width + 8, y + 0.5);
  }

  #drawHover(context: CanvasRenderingContext2D, grid: HeatGrid): void {
    if (!this.#hover) return;
    const { column, bin } = this.#hover;
    const wide = this.#width / grid.columns, tall = this.#height / grid.bins;
    context.strokeStyle = colour("text");
    context.strokeRect(
      column * wide,
      TOP + (grid.bins - 1 - bin) * tall,
      Math.max(3, wide),
      Math.max(3, tall),
    );
  }

  #point(x: number, y: number): void {
    const grid = this.#grid;
    if (!grid || x > this.#width || y < TOP || y > TOP + this.#height) return this.#setHover(undefined);
    const column = Math.floor(x / this.#width * grid.columns);
    const bin = grid.bins - 1 - Math.floor((y - TOP) / this.#height * grid.bins);
    this.#setHover({ column: Math.min(grid.columns - 1, column), bin: Math.max(0, bin) });
  }

  #key(event: KeyboardEvent): void {
    const grid = this.#grid;
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!grid || !move) return;
    event.preventDefault();
    const from = this.#hover ?? { column: grid.columns - 1, bin: Math.floor(grid.bins / 2) };
    this.#setHover({
      column: Math.max(0, Math.min(grid.columns - 1, from.column + (move[0] ?? 0))),
      bin: Math.max(0, Math.min(grid.bins - 1, from.bin + (move[1] ?? 0))),
    });
  }

  #setHover(hover: { column: number; bin: number } | undefined): void {
    if (hover?.column === this.#hover?.column && hover?.bin === this.#hover?.bin) return;
    this.#hover = hover;
    this.#isDirty = true;
    this.#readout();
    this.request();
  }

  #readout(): void {
    const grid = this.#grid;
    const box = need("heat-readout");
    if (!grid) return setText(box, "");
    if (!this.#hover) {
      return setText(box, grid.stale ? "stale: no bar for 15 min" : `${formatCompact(grid.shown)} standing`);
    }
    const { column, bin } = this.#hover;
    const low = grid.low + bin * grid.step;
    const time = formatMinute(grid.from + column * grid.intervalMs);
    const amount = grid.values[bin * grid.columns + column] ?? 0;
    setText(
      box,
      `${time}  ${formatPrice(low)} to ${formatPrice(low + grid.step)}  ${
        amount > 0 ? formatCompact(amount) : "nothing"
      }`,
    );
  }
}

/** The map in words. */
function describe(grid: HeatGrid | undefined): string {
  if (!grid) return "No heatmap for this symbol";
  let best = 0;
  const last = (bin: number) => grid.values[bin * grid.columns + grid.columns - 1] ?? 0;
  for (let bin = 1; bin < grid.bins; bin++) if (last(bin) > last(best)) best = bin;
  const strongest = grid.low + best * grid.step;
  return `Heatmap of estimated liquidation levels from ${formatPrice(grid.low)} to ${
    formatPrice(grid.low + grid.bins * grid.step)
  }; the strongest stands at ${formatPrice(strongest)}. Arrow keys read single cells.`;
}
