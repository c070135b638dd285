/** Bars for a burst: names of their own, so that no bar of the market is contradicted. */
import type { OutboundEvent } from "../hub.ts";

/** `ZB` and three letters: names neither real nor of the made-up market. */
function burstTicker(n: number): string {
  const letter = (shift: number) => String.fromCharCode(65 + (Math.floor(n / 26 ** shift) % 26));
  return `ZB${letter(2)}${letter(1)}${letter(0)}${n >= 26 ** 3 ? Math.floor(n / 26 ** 3) : ""}`;
}

/** One bar each of the last whole window before `now` (Unix ms), for `count` names. */
export function burstBars(count: number, now: number, width: "minute" | "second"): readonly OutboundEvent[] {
  const widthMs = width === "minute" ? 60_000 : 1000;
  const end = Math.floor(now / widthMs) * widthMs;
  const prefix = width === "minute" ? "AM" : "A";
  return Array.from({ length: count }, (_, n) => {
    const symbol = burstTicker(n);
    const open = 10 + (n % 400);
    const volume = 100 + n;
    const text =
      `{"ev":"${prefix}","sym":"${symbol}","v":${volume},"av":${volume * 10},"op":${open},"vw":${
        open + 0.05
      },` +
      `"o":${open},"c":${open + 0.1},"h":${open + 0.2},"l":${open - 0.1},"a":${open + 0.01},"z":50,` +
      `"s":${end - widthMs},"e":${end},"dv":"${volume}.0","dav":"${volume * 10}.0"}`;
    return { market: "stocks", host: undefined, prefix, symbol, text };
  });
}
