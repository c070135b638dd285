/**
 * Times during which the upstream could not reach us for some topics: opened when a connection is lost, closed when every
 * one of its topics is served again, by whichever connection; then the gap is told. Massive replays nothing, so how many
 * events went by is unknown.
 */
import { FREQUENCIES, type Frequency } from "../../feed/stream.ts";
import type { Market } from "../../feed/wire_fields.ts";
import { frequencyOfTopic, splitTopic } from "../wire/subscription_topics.ts";

/** One time of not hearing, over now. */
export interface EndedOutage {
  readonly frequency: Frequency;
  /** Unix ms; undefined when there was nothing before that could have been missed (a first start). */
  readonly from: number | undefined;
  /** Symbols it was about; undefined: all. */
  readonly symbols: readonly string[] | undefined;
}

interface Outage {
  readonly market: Market;
  readonly frequency: Frequency;
  readonly from: number | undefined;
  readonly topics: readonly string[];
  readonly open: Set<string>;
}

/** See the file's head. */
export class Outages {
  readonly #outages = new Map<string, Outage>();

  /** Whether any is open. */
  get isEmpty(): boolean {
    return this.#outages.size === 0;
  }

  /**
   * A connection no longer serves these topics. One that was lost before all its topics were back is one long outage.
   * @returns the frequencies concerned, with their symbols.
   */
  open(
    connection: string,
    market: Market,
    topics: Iterable<string>,
    from: number | undefined,
  ): readonly EndedOutage[] {
    const opened: EndedOutage[] = [];
    const all = [...topics];
    for (const frequency of FREQUENCIES) {
      const mine = all.filter((topic) => frequencyOfTopic(topic) === frequency);
      if (mine.length === 0) continue;
      const key = `${connection} ${frequency}`;
      const before = this.#outages.get(key);
      const outage: Outage = {
        market,
        frequency,
        from: before === undefined ? from : before.from,
        topics: [...new Set([...before?.topics ?? [], ...mine])],
        open: new Set([...before?.open ?? [], ...mine]),
      };
      this.#outages.set(key, outage);
      opened.push(ended(outage));
    }
    return opened;
  }

  /** Looks which are over: `isOver` says whether a topic is served again, or nobody wants it any more. */
  settle(isOver: (topic: string, market: Market) => boolean): readonly EndedOutage[] {
    const over: EndedOutage[] = [];
    for (const [key, outage] of this.#outages) {
      for (const topic of outage.open) if (isOver(topic, outage.market)) outage.open.delete(topic);
      if (outage.open.size > 0) continue;
      this.#outages.delete(key);
      over.push(ended(outage));
    }
    return over;
  }

  /** Forgets all of them. */
  clear(): void {
    this.#outages.clear();
  }
}

function ended(outage: Outage): EndedOutage {
  const wire = outage.topics.map((topic) => splitTopic(topic).symbol);
  const symbols = wire.includes("*")
    ? undefined
    : [...new Set(wire.map((symbol) => outage.market === "crypto" ? `X:${symbol}` : symbol))];
  return { frequency: outage.frequency, from: outage.from, symbols };
}
