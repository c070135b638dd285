/** The heatmap's colours: from the page's own ground up to a bright tone, even in lightness, readable without colour vision. */

type Rgb = readonly [number, number, number];

const DARK: readonly Rgb[] = [[12, 16, 22], [23, 44, 84], [24, 92, 122], [36, 148, 128], [158, 188, 84], [
  250,
  226,
  120,
]];
const LIGHT: readonly Rgb[] = [[255, 255, 255], [214, 230, 240], [140, 190, 214], [62, 138, 176], [
  36,
  82,
  138,
], [42, 26, 84]];

/** 256 colours, 4 bytes each (RGBA), from nothing to full strength. */
export function colourTable(dark: boolean): Uint8ClampedArray {
  const stops = dark ? DARK : LIGHT;
  const table = new Uint8ClampedArray(256 * 4);
  for (let n = 0; n < 256; n++) {
    const place = n / 255 * (stops.length - 1);
    const at = Math.min(stops.length - 2, Math.floor(place));
    const from = stops[at] ?? [0, 0, 0], to = stops[at + 1] ?? from;
    for (let part = 0; part < 3; part++) {
      table[n * 4 + part] = (from[part] ?? 0) + ((to[part] ?? 0) - (from[part] ?? 0)) * (place - at);
    }
    table[n * 4 + 3] = 255;
  }
  return table;
}

/** Which of the 256 an amount gets: the square root, so that weak levels are seen beside strong ones. */
export const colourIndex = (amount: number, strong: number): number =>
  amount <= 0 || strong <= 0 ? 0 : Math.min(255, Math.round(Math.sqrt(amount / strong) * 255));
