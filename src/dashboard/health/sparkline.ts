/// <reference lib="dom" />
/** A rate's last minutes as a line in a cell. */
import { make } from "../element.ts";
import { colour } from "../theme.ts";

/** Points kept and drawn: at two seconds each, four minutes. */
export const SPARK_POINTS = 120;
const WIDTH = 120;
const HEIGHT = 22;

/** Remembers numbers by name. Pure. */
export class RateHistory {
  readonly #byName = new Map<string, number[]>();

  /** Adds a point and gives all of them, oldest first. */
  add(name: string, value: number): readonly number[] {
    const values = this.#byName.get(name) ?? [];
    values.push(Number.isFinite(value) ? value : 0);
    if (values.length > SPARK_POINTS) values.shift();
    this.#byName.set(name, values);
    return values;
  }
}

/** Draws into the canvas of a cell, made at the first drawing. */
export function drawSpark(cell: HTMLElement, values: readonly number[]): void {
  const canvas = cell.querySelector("canvas") ?? cell.appendChild(make("canvas", "spark"));
  const scale = globalThis.devicePixelRatio || 1;
  canvas.width = WIDTH * scale;
  canvas.height = HEIGHT * scale;
  canvas.ariaHidden = "true";
  const context = canvas.getContext("2d");
  if (!context || values.length < 3) return;
  context.scale(scale, scale);
  const top = Math.max(1e-9, ...values);
  const x = (n: number) => WIDTH - (values.length - 1 - n) * (WIDTH / (SPARK_POINTS - 1));
  const y = (value: number) => HEIGHT - 2 - (value / top) * (HEIGHT - 5);
  context.beginPath();
  values.forEach((value, n) => n === 0 ? context.moveTo(x(n), y(value)) : context.lineTo(x(n), y(value)));
  context.strokeStyle = colour("accent");
  context.lineWidth = 1.3;
  context.lineJoin = "round";
  context.stroke();
  context.lineTo(WIDTH, HEIGHT);
  context.lineTo(x(0), HEIGHT);
  context.globalAlpha = 0.14;
  context.fillStyle = colour("accent");
  context.fill();
}
