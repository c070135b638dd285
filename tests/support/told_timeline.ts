/**
 * What one client was told, in the order it was told, and the two laws it is held to: by ids (every list position is delivered or told
 * as lost, none twice) and by content (every trade the upstream wrote is delivered, or a gap stands where it should have been).
 * The second knows nothing of ids, so it holds when Redis gives the same ids twice.
 */

/** A position as the wire writes it. */
interface Place {
  readonly list: string;
  readonly epoch: string;
  readonly seq: number;
}

type Item =
  | { readonly event: Place; readonly trade: string | undefined }
  | { readonly gap: { readonly after: Place; readonly before: Place; readonly lost: number | null } };

/** What the upstream wrote, in order: a trade's identity and its number. */
export type Written = ReadonlyMap<string, number>;

/** Identity of a trade, from its fields on either wire. */
export const tradeKey = (sym: unknown, x: unknown, trfi: unknown, id: unknown): string =>
  `${sym}|${x}|${trfi ?? ""}|${id}`;

/** Problems said of one client; more add nothing. */
const SAID_MAX = 5;

const placeOf = (list: string, text: string): Place => {
  const [epoch = "", seq = ""] = text.slice(text.indexOf(".") + 1).split("-");
  return { list, epoch, seq: Number(seq) };
};

const isPast = (a: Place, b: Place) => a.epoch === b.epoch ? a.seq > b.seq : a.epoch > b.epoch;

/** One stream of one list, as one client was told it. */
export class ToldTimeline {
  readonly #items: Item[] = [];
  /** Trades seen so far. */
  trades = 0;
  /** Causes of the gaps told. */
  readonly causes: string[] = [];
  newest: string | undefined;

  constructor(readonly list: string) {}

  /** The events of one message. */
  take(events: readonly Record<string, unknown>[]): void {
    for (const event of events) {
      const isTrade = event.type === "trade";
      const trade = isTrade ? tradeKey(event.sym, event.x, event.trfi, event.tid) : undefined;
      if (trade !== undefined) {
        this.trades++;
        this.newest = trade;
      }
      this.#items.push({ event: placeOf(this.list, String(event.id)), trade });
    }
  }

  /** A gap message. */
  tell(gap: Record<string, unknown>): void {
    const [after, before] = [gap.after, gap.before].map((text) => placeOf(this.list, String(text)));
    if (after === undefined || before === undefined) return;
    this.causes.push(String(gap.cause));
    this.#items.push({ gap: { after, before, lost: typeof gap.lost === "number" ? gap.lost : null } });
  }

  /** Invariants 1 and 2 by ids, for a client that wants everything. */
  byIds(): string[] {
    const found: string[] = [];
    let at: Place | undefined;
    for (const item of this.#items) {
      if ("gap" in item) {
        const { after, before, lost } = item.gap;
        if (at !== undefined && isPast(after, at)) {
          found.push(`a gap after ${show(after)}, told at ${show(at)}`);
        }
        const counted = before.seq - after.seq - 1;
        // A gap of ingest's own takes one place, whatever it lost.
        if (lost !== null && after.epoch === before.epoch && counted !== lost && counted !== 1) {
          found.push(`${show(after)} … ${show(before)} said to be ${lost}`);
        }
        const reached = { ...before, seq: before.seq - 1 };
        if (at === undefined || isPast(reached, at)) at = reached;
      } else {
        const { event } = item;
        const isNext = at === undefined || (event.epoch === at.epoch && event.seq === at.seq + 1);
        if (!isNext && at !== undefined) found.push(`${show(event)} after ${show(at)}`);
        at = event;
      }
    }
    return found.slice(0, SAID_MAX);
  }

  /** Nothing doubled, nothing out of order, nothing missing without a gap in its place. */
  byContent(written: Written): string[] {
    const found: string[] = [];
    const seen = new Set<string>();
    let last: number | undefined;
    let isTold = false;
    for (const item of this.#items) {
      if ("gap" in item) {
        isTold = true;
        continue;
      }
      if (item.trade === undefined) continue;
      const number = written.get(item.trade);
      if (number === undefined) found.push(`${item.trade} was never written`);
      else {
        if (seen.has(item.trade)) found.push(`${item.trade} twice`);
        else if (last !== undefined && number < last) found.push(`number ${number} after ${last}`);
        else if (last !== undefined && number > last + 1 && !isTold) {
          found.push(`${number - last - 1} missing before number ${number} (${show(item.event)}), untold`);
        }
        seen.add(item.trade);
        last = Math.max(last ?? number, number);
        isTold = false;
      }
    }
    return found.slice(0, SAID_MAX);
  }
}

const show = ({ epoch, seq }: Place) => `${epoch}-${seq}`;
