/// <reference lib="dom" />
/**
 * One drawing a frame, from state that has been conflated meanwhile: however fast events come, the page does the work of
 * one frame at a time, and none while hidden.
 */

/** Draws something; called once a frame while anything asked for one. `nowMs` is the frame's time. */
export type Draw = (nowMs: number) => void;

/** See the file comment. */
export class FrameLoop {
  readonly #draws: Draw[] = [];
  #isDue = false;
  /** Durations of the last frames' scripts, ms, for tests and the curious. */
  readonly costsMs: number[] = [];

  /** Adds a part of the page, drawn in the order of adding. */
  add(draw: Draw): void {
    this.#draws.push(draw);
  }

  /** Something changed. */
  request = (): void => {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame((now) => this.#frame(now));
  };

  #frame(now: number): void {
    this.#isDue = false;
    const start = performance.now();
    for (const draw of this.#draws) draw(now);
    this.costsMs.push(performance.now() - start);
    if (this.costsMs.length > COSTS_KEPT) this.costsMs.splice(0, COSTS_KEPT / 2);
  }
}

const COSTS_KEPT = 1200;
