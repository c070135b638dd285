/** One plot of a run's course as SVG: lines over seconds, the ends of stages as thin verticals, limits dashed. */
import type { CoursePoint } from "./load_figures.ts";
import type { Stage } from "./stages.ts";

const WIDTH = 860;
const HEIGHT = 210;
const LEFT = 56;
const RIGHT = 10;
const TOP = 10;
const BOTTOM = 22;
/** Points drawn per line at most. */
const POINTS_MAX = 600;
/** Steps of an axis look like people count: 1, 2 or 5 times a power of ten. */
const STEP_FACTORS = [1, 2, 5, 10] as const;
const STEPS_WANTED = 4;

/** One line of a plot. */
export interface PlotLine {
  readonly label: string;
  readonly colour: string;
  readonly value: (point: CoursePoint) => number | null;
}

/** A plot. */
export interface Plot {
  readonly title: string;
  /** Behind the title, in brackets; empty for plain counts. */
  readonly unit: string;
  readonly lines: readonly PlotLine[];
  /** Drawn dashed where the plot reaches near it. */
  readonly limits?: readonly number[];
}

/** Text of ours or of a server's, made harmless. */
export const escapeHtml = (text: unknown): string =>
  String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );

/** Round values from 0 up to and with the first at or over `most`. */
export function axisSteps(most: number): readonly number[] {
  const rough = Math.max(1, most) / STEPS_WANTED;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, power * (STEP_FACTORS.find((factor) => factor * power >= rough) ?? 10));
  return Array.from({ length: Math.ceil(Math.max(1, most) / step) + 1 }, (_, n) => n * step);
}

/** The plot with its title and legend; empty when none of its lines has a value. */
export function plotHtml(course: readonly CoursePoint[], stages: readonly Stage[], plot: Plot): string {
  const points = thinned(course);
  const { title, unit, lines, limits = [] } = plot;
  const values = lines.flatMap(({ value }) => points.map(value)).filter((value) => value !== null);
  if (values.length === 0) return "";
  const steps = axisSteps(values.reduce((most, value) => Math.max(most, value), 0));
  const top = steps.at(-1) ?? 1;
  const end = Math.max(1, points.at(-1)?.at ?? 1);
  const x = (at: number) => (LEFT + at / end * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const y = (value: number) => (HEIGHT - BOTTOM - value / top * (HEIGHT - BOTTOM - TOP)).toFixed(1);
  const drawn = [
    ...steps.map((value) =>
      horizontal(y(value), "grid") +
      `<text x="${LEFT - 6}" y="${y(value)}" text-anchor="end" dy="4">${value.toLocaleString("en")}</text>`
    ),
    ...stageEnds(stages).filter((at) => at < end).map((at) =>
      `<line class="stage" x1="${x(at)}" x2="${x(at)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`
    ),
    ...axisSteps(end).filter((at) => at <= end).map((at) =>
      `<text x="${x(at)}" y="${HEIGHT - 6}" text-anchor="middle">${at} s</text>`
    ),
    ...limits.filter((limit) => limit <= top).map((limit) => horizontal(y(limit), "limit")),
    ...lines.map(({ colour, value }) => polylines(points, value, colour, x, y)),
  ];
  const legend = lines.map(({ label, colour, value }) =>
    `<span><i style="background:${colour}"></i>${escapeHtml(label)} <b>${shownMost(points, value)}</b></span>`
  );
  return `<section><h2>${escapeHtml(title)}${unit ? ` <small>${escapeHtml(unit)}</small>` : ""}</h2>
<p class="legend">${legend.join(" ")}</p>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}">${
    drawn.join("")
  }</svg></section>`;
}

const horizontal = (y: string, kind: string) =>
  `<line class="${kind}" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>`;

function thinned(course: readonly CoursePoint[]): readonly CoursePoint[] {
  const step = Math.max(1, Math.ceil(course.length / POINTS_MAX));
  return course.filter((_, n) => n % step === 0);
}

function stageEnds(stages: readonly Stage[]): readonly number[] {
  let at = 0;
  return stages.map(({ seconds }) => at += seconds);
}

function shownMost(points: readonly CoursePoint[], value: PlotLine["value"]): string {
  const most = points.map(value).filter((one) => one !== null).reduce((a, b) => Math.max(a, b), -Infinity);
  return most === -Infinity ? "–" : `≤ ${Math.round(most).toLocaleString("en")}`;
}

/** A line breaks where nothing was measured. */
function polylines(
  points: readonly CoursePoint[],
  value: PlotLine["value"],
  colour: string,
  x: (at: number) => string,
  y: (value: number) => string,
): string {
  const pieces: string[][] = [[]];
  for (const point of points) {
    const one = value(point);
    if (one === null) pieces.push([]);
    else pieces.at(-1)?.push(`${x(point.at)},${y(one)}`);
  }
  return pieces.filter((piece) => piece.length > 0).map((piece) =>
    `<polyline stroke="${colour}" points="${(piece.length === 1 ? [...piece, ...piece] : piece).join(" ")}"/>`
  ).join("");
}
