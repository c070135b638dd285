/** A market for the hosted derived streams, and what they said of it. */
import { A_MONDAY } from "../support/event_factory.ts";
import { frameOf, wireBar, wireFairValue, wireTrade } from "../support/wire_factory.ts";
import type { DerivedScene } from "./derived_scene.ts";

/** A frame to be sent `atMs` after the start. */
export interface Sent {
  readonly atMs: number;
  readonly elements: readonly (Record<string, unknown> | string)[];
}

/** One symbol: trades every 200 ms, ten times the size after two minutes, a fair value every second, a bar a minute. */
export function aMarket(turn: number, seconds: number): readonly Sent[] {
  const sent: Sent[] = [];
  for (let n = 0; n < seconds * 5; n++) {
    const atMs = n * 200;
    const t = A_MONDAY + atMs;
    const price = Math.round(10_000 + 40 * Math.sin((n + turn) / 37) + 4 * Math.sin((n * turn) / 3)) / 100;
    const size = (50 + ((n * 7 + turn) % 40)) * (n > 610 ? 10 : 1);
    sent.push({ atMs, elements: [wireTrade({ i: `${n}`, p: price, s: size, t, q: n })] });
    if (n % 5 === 4) {
      const off = Math.round(price * (1 + 0.02 * Math.sin(n / 50)) * 100) / 100;
      sent.push({ atMs: atMs + 100, elements: [wireFairValue("AAPL", `${t + 90}000000`, off)] });
    }
    if (n % 300 === 299) {
      const s = A_MONDAY + Math.floor(atMs / 60_000) * 60_000;
      const bar = wireBar({
        ev: "AM",
        s,
        e: s + 60_000,
        o: price - 0.8,
        c: price,
        h: price,
        l: price - 1,
        v: 500 + n,
      });
      sent.push({ atMs: atMs + 190, elements: [bar] });
    }
  }
  return sent;
}

/** Sends frames at their times, from the clock's present on; then, unless told otherwise, waits for all to be appended. */
export async function play(scene: DerivedScene, sent: readonly Sent[], settleMs = 1000): Promise<void> {
  for (const { atMs, elements } of sent) {
    const wait = A_MONDAY + atMs - scene.clock.now();
    if (wait > 0) await scene.clock.advance(wait);
    scene.pipeline.accept(frameOf(elements, { rx: scene.clock.now() }));
  }
  await scene.clock.advance(settleMs);
}

/** Keys of the signals in their list, in order. */
export const keysIn = async (scene: DerivedScene) =>
  (await scene.list("signal")).filter((event) => event.type === "signal").map((event) => String(event.key));
/** Losses told in the signal list. */
export const gapsIn = async (scene: DerivedScene) =>
  (await scene.list("signal")).filter((event) => event.type === "gap");

/** The fence in force. */
export const fenceOf = async (scene: DerivedScene) => (await scene.store.readLease())?.fence ?? 0;
