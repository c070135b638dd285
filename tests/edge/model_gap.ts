/** A gap as a client is told of it, and what must be true of it. */
import { comparePositions, ORIGIN, type Position, positionOfId } from "../../src/feed/cursor.ts";
import type { FeedEvent } from "../../src/feed/event.ts";
import type { Epochs } from "./model_produced.ts";

/** What a gap message said. */
export interface ToldGap {
  readonly after: Position;
  readonly before: Position;
  readonly lost: number | null;
  readonly cause: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** Reads a gap message. */
export const toldGap = (message: Readonly<Record<string, unknown>>): ToldGap => ({
  after: positionOfId(String(message.after)),
  before: positionOfId(String(message.before)),
  lost: typeof message.lost === "number" ? message.lost : null,
  cause: String(message.cause),
  from: message.from,
  to: message.to,
});

/** Whether a position is within it. */
export const isToldBy = ({ after, before }: ToldGap, position: Position): boolean =>
  comparePositions(position, after) > 0 && comparePositions(position, before) < 0;

/**
 * What is wrong with a gap. One that ingest told says what ingest said; of every other the count is that of the events between
 * where both ends are of one epoch, and null where nobody can know.
 */
export function gapProblem(gap: ToldGap, epochs: Epochs): string | undefined {
  const { after, before, lost, cause } = gap;
  const between = before.seq - after.seq - 1;
  const said = `gap ${after.epoch}-${after.seq}…${before.epoch}-${before.seq} (${cause}) says ${lost}`;
  if (cause === "overflow" || cause === "upstream") {
    const made = epochs.get(before.epoch)?.[before.seq - 2];
    const isSame = made?.type === "gap" && made.lost === lost && made.cause === cause &&
      made.from === gap.from &&
      made.to === gap.to;
    return isSame ? undefined : `${said}, ingest ${JSON.stringify(made)}`;
  }
  const fromNothing = after.epoch === ORIGIN.epoch;
  if (after.epoch !== before.epoch && !fromNothing) {
    return lost === null ? undefined : `${said} over two epochs`;
  }
  // Nothing in between: a client that is ahead of what is seen here, of which nobody can say what it has not got.
  if (between === 0 && lost === null) return undefined;
  const made = epochs.get(before.epoch)?.slice(after.seq, before.seq - 1) ?? [];
  const isSum = isCount(lost, made) || (fromNothing && lost === null);
  return isSum && between > 0 ? undefined : `${said}, not ${between} and what gap events between say`;
}

/** Whether so many were lost with these: a gap event counts as what it says where it was read, else as one. */
function isCount(lost: number | null, made: readonly FeedEvent[]): boolean {
  const said = made.flatMap((event) => event.type === "gap" ? [event.lost] : []);
  if (lost === null) return said.includes(null);
  const ones = made.length - said.length;
  const most = said.reduce<number>((sum, count) => sum + Math.max(1, count ?? 1), ones);
  const least = said.reduce<number>((sum, count) => sum + Math.min(1, count ?? 1), ones);
  return lost >= least && lost <= most;
}
