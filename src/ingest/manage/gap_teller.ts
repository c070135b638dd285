/** Tells the data path what could not be received: gap events once an outage is over, and when minute bars are missing. */
import type { Clock } from "../../feed/clock.ts";
import type { Market } from "../../feed/wire_fields.ts";
import { Outages } from "./outages.ts";
import type { Pipeline } from "../channel/pipeline.ts";

/** See the file's head. */
export class GapTeller {
  readonly #pipeline: Pick<Pipeline, "tellGap" | "setMinuteStreamUp">;
  readonly #clock: Clock;
  readonly #outages = new Outages();

  constructor(pipeline: Pick<Pipeline, "tellGap" | "setMinuteStreamUp">, clock: Clock) {
    this.#pipeline = pipeline;
    this.#clock = clock;
  }

  /** A connection no longer serves these topics. `from` in Unix ms; undefined when nothing can have been missed before. */
  lost(connection: string, market: Market, topics: Iterable<string>, from: number | undefined): void {
    for (const { frequency, symbols } of this.#outages.open(connection, market, topics, from)) {
      if (frequency === "minute") this.#pipeline.setMinuteStreamUp(false, symbols);
    }
  }

  /** Tells the outages that are over: `isOver` says whether a topic is served again or no longer wanted. */
  settle(isOver: (topic: string, market: Market) => boolean): void {
    const to = this.#clock.now();
    for (const { frequency, from, symbols } of this.#outages.settle(isOver)) {
      if (frequency === "minute") this.#pipeline.setMinuteStreamUp(true, symbols);
      if (from === undefined) continue;
      this.#pipeline.tellGap(frequency, { lost: null, cause: "upstream", from: Math.min(from, to), to });
    }
  }

  /** Forgets what is open. */
  clear(): void {
    this.#outages.clear();
  }
}
