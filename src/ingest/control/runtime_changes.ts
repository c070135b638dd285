/**
 * What operators changed at run time: tickers added (with their connection) or taken off, connections added or removed, streams stopped. A
 * reload keeps it, and so does whoever leads next: it is kept in a note that outlives its leader by {@link CHANGES_TTL_MS}.
 */
import { z } from "zod";
import { FREQUENCIES, type Frequency } from "../../feed/stream.ts";
import { MARKETS } from "../../feed/wire_fields.ts";
import type { Lane } from "../manage/placement.ts";

/** Name of the note. */
export const CHANGES_NOTE = "ingest:changes";
/** Changes outlive the leader that made them by so long; after a longer stop the settings rule again. */
export const CHANGES_TTL_MS = 600_000;

const LaneNote = z.object({
  id: z.string(),
  name: z.string(),
  feed: z.enum(["realtime", "business"]),
  market: z.enum(MARKETS),
  frequencies: z.array(z.enum(FREQUENCIES)),
});

/** The note's content: (frequency, ticker, connection) added, (frequency, ticker) removed, connections. */
const ChangesNote = z.object({
  added: z.array(z.tuple([z.enum(FREQUENCIES), z.string(), z.string()])),
  removed: z.array(z.tuple([z.enum(FREQUENCIES), z.string()])),
  lanesAdded: z.array(LaneNote),
  lanesRemoved: z.array(z.string()),
  stopped: z.array(z.string()),
});

/** See the file's head. */
export class RuntimeChanges {
  readonly #added = new Map<Frequency, Map<string, string>>(FREQUENCIES.map((one) => [one, new Map()]));
  readonly #removed = new Map<Frequency, Set<string>>(FREQUENCIES.map((one) => [one, new Set()]));
  readonly #lanesAdded = new Map<string, Lane>();
  readonly #lanesRemoved = new Set<string>();
  readonly #stopped = new Set<string>();
  /** Moves with every change. */
  version = 0;

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#lanesAdded.size + this.#lanesRemoved.size + this.#stopped.size === 0 &&
      FREQUENCIES.every((one) => this.addedAt(one).size === 0 && this.#removed.get(one)?.size === 0);
  }

  /** Connections added at run time. */
  get lanesAdded(): ReadonlyMap<string, Lane> {
    return this.#lanesAdded;
  }

  /** Whether a configured connection was removed. */
  isLaneRemoved(id: string): boolean {
    return this.#lanesRemoved.has(id);
  }

  /** A ticker was subscribed on a connection. */
  added(frequency: Frequency, ticker: string, connection: string): void {
    this.#removed.get(frequency)?.delete(ticker);
    this.#added.get(frequency)?.set(ticker, connection);
    this.version++;
  }

  /** A ticker was unsubscribed. */
  removed(frequency: Frequency, ticker: string): void {
    if (!this.#added.get(frequency)?.delete(ticker)) this.#removed.get(frequency)?.add(ticker);
    this.version++;
  }

  /** A connection was added. */
  laneAdded(lane: Lane): void {
    this.#lanesAdded.set(lane.id, lane);
    this.version++;
  }

  /** A connection was removed. */
  laneRemoved(id: string): void {
    if (!this.#lanesAdded.delete(id)) this.#lanesRemoved.add(id);
    this.version++;
  }

  /** A stream was started or stopped. */
  switched(stream: string, isOn: boolean): void {
    if (isOn) this.#stopped.delete(stream);
    else this.#stopped.add(stream);
    this.version++;
  }

  /** Whether a stream was stopped. */
  isStopped(stream: string): boolean {
    return this.#stopped.has(stream);
  }

  /** Tickers added at a frequency, with the connection they were put on. */
  addedAt(frequency: Frequency): ReadonlyMap<string, string> {
    return this.#added.get(frequency) ?? new Map();
  }

  /** Whether a configured ticker was taken off. */
  isRemoved(frequency: Frequency, ticker: string): boolean {
    return this.#removed.get(frequency)?.has(ticker) ?? false;
  }

  /** As kept in the note. */
  toText(): string {
    return JSON.stringify(
      {
        added: FREQUENCIES.flatMap((one) => [...this.addedAt(one)].map(([ticker, id]) => [one, ticker, id])),
        removed: FREQUENCIES.flatMap((one) =>
          [...this.#removed.get(one) ?? []].map((ticker) => [one, ticker])
        ),
        lanesAdded: [...this.#lanesAdded.values()],
        lanesRemoved: [...this.#lanesRemoved],
        stopped: [...this.#stopped],
      },
    );
  }

  /** Takes up what a note says instead of what is here; false, and nothing taken up, when it cannot be read. */
  restore(text: string): boolean {
    const note = readNote(text);
    if (note === undefined) return false;
    for (const one of FREQUENCIES) {
      this.#added.set(one, new Map());
      this.#removed.set(one, new Set());
    }
    this.#lanesAdded.clear();
    this.#lanesRemoved.clear();
    this.#stopped.clear();
    for (const [frequency, ticker, id] of note.added) this.added(frequency, ticker, id);
    for (const [frequency, ticker] of note.removed) this.#removed.get(frequency)?.add(ticker);
    for (const lane of note.lanesAdded) this.#lanesAdded.set(lane.id, lane);
    for (const id of note.lanesRemoved) this.#lanesRemoved.add(id);
    for (const stream of note.stopped) this.#stopped.add(stream);
    this.version++;
    return true;
  }
}

function readNote(text: string): z.output<typeof ChangesNote> | undefined {
  try {
    return ChangesNote.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
