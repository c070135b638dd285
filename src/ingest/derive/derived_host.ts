/**
 * Hosts the derived streams in ingest: gives the folds what stands in the lists, offers what they make, keeps their
 * checkpoints, and catches up after a restart or takeover, so that no signal is made twice and none is missing but what fell
 * between the checkpoint and the start of the lists, which is told as a gap. What an input stream tells as lost is told in the
 * streams made of it as well.
 *
 * The folds see an event when it has been appended, not before: so a state is always true at a position of each input list, the
 * lists alone can bring it up to date, and a leader that was fenced off leaves no signal of events nobody ever got.
 *
 * A term: {@link DerivedHost.begin}, then the pipeline leads (its `onSeed` and `onAppended` come here), {@link DerivedHost.run}
 * beside it, and on a clean stop, when the pipeline is flushed, {@link DerivedHost.finish}.
 */
import { type Clock, isAbort } from "../../feed/clock.ts";
import { type Cursor, parseCursor, type Position } from "../../feed/cursor.ts";
import { describeError } from "../../feed/error.ts";
import type { FeedEvent, Gap, Stamped } from "../../feed/event.ts";
import type { Log } from "../../feed/log.ts";
import type { FoldStore } from "../../feed/store.ts";
import { listsOfStream, streamOfList } from "../../feed/stream.ts";
import type { DerivedFold } from "../../signals/derived_fold.ts";
import type { DerivedEvents, DerivedStreams } from "../../signals/derived_streams.ts";
import { catchUp, endOfList, isTold, type SeededList } from "./derived_catch_up.ts";
import { DerivedCheckpoint } from "./derived_checkpoint.ts";
import { cutAtGaps, type HostedFold, positionsOf, type Term } from "./derived_term.ts";
import { OfferedEvents } from "../channel/offered_events.ts";
import type { Pipeline, PipelineOptions } from "../channel/pipeline.ts";
import { within } from "../../feed/time_limit.ts";

/** Between two turns of the host: heatmaps that are due, and a share of a checkpoint. */
export const DERIVED_TURN_MS = 50;
/** Loading checkpoints may take so long; after that the folds start with what the lists hold, and a gap is told. */
export const FOLD_LOAD_LIMIT_MS = 5_000;
/** Catching up waits so long for the last list to be read; what comes later is taken up when it comes. */
export const GATHER_LIMIT_MS = 2_000;
/** Events appended meanwhile that wait for it; over it catching up waits no longer. */
export const GATHER_MAX_EVENTS = 20_000;
/** The last save of a clean stop may take so long. */
export const FOLD_FINISH_LIMIT_MS = 2_000;

/** How {@link createDerivedHost} is set up. */
export interface DerivedHostOptions {
  readonly store: FoldStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Folds without state; called once a term. */
  readonly create: () => DerivedStreams;
  /** Lists the tick stream is split over. */
  readonly tickLists: number;
  /** Where events go. */
  readonly pipeline: () => Pick<Pipeline, "offer" | "tellGap">;
}

/** The host. */
export interface DerivedHost {
  /** For the pipeline. */
  readonly hooks: Required<Pick<PipelineOptions, "onSeed" | "onAppended">>;
  /** Before the pipeline leads: fresh folds, with their checkpoints loaded. Resolves in any case, soon. */
  begin(fence: number, signal: AbortSignal): Promise<void>;
  /** Beside the pipeline, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** After the flush of a clean stop: saves everything. Resolves in any case, within {@link FOLD_FINISH_LIMIT_MS}. */
  finish(): Promise<void>;
}

class Host implements DerivedHost {
  readonly hooks = {
    onSeed: (list: string, events: readonly Stamped[]) => this.#onSeed(list, events),
    onAppended: (list: string, first: Position, events: readonly FeedEvent[]) =>
      this.#onAppended(list, first, events),
  };
  readonly #options: DerivedHostOptions;
  #term: Term | undefined;

  constructor(options: DerivedHostOptions) {
    this.#options = options;
  }

  async begin(fence: number, signal: AbortSignal): Promise<void> {
    const derived = this.#options.create();
    const positions = new Map<string, Position>();
    const folds = await Promise.all(derived.folds.map((fold) => this.#load(fold, positions, fence, signal)));
    const inputs = [...derived.inputs].flatMap((stream) => this.#listsOf(stream));
    const own = derived.folds.map((fold) => fold.stream);
    const untilMs = this.#options.clock.monotonic() + GATHER_LIMIT_MS;
    const gathering = { untilMs, seeded: [], appended: [], events: 0 };
    this.#term = { derived, folds, positions, awaited: new Set([...inputs, ...own]), gathering };
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      try {
        await clock.sleep(DERIVED_TURN_MS, signal);
      } catch (error) {
        if (!isAbort(error, signal)) throw error;
        break;
      }
      const term = this.#term;
      if (term === undefined) continue;
      if (term.gathering !== undefined && clock.monotonic() >= term.gathering.untilMs) this.#catchUp(term);
      if (term.gathering !== undefined) continue;
      this.#offerAll(term, term.derived.tick(clock.now()));
      for (const { checkpoint } of term.folds) checkpoint.turn(signal);
    }
    for (const { checkpoint } of this.#term?.folds ?? []) await checkpoint.rest();
  }

  async finish(): Promise<void> {
    const term = this.#term;
    this.#term = undefined;
    if (term === undefined || term.gathering !== undefined) return;
    const { clock, log } = this.#options;
    try {
      await within({ clock, limitMs: FOLD_FINISH_LIMIT_MS, signal: undefined }, async (signal) => {
        for (const { checkpoint } of term.folds) await checkpoint.finish(signal);
      });
    } catch (error) {
      log.warning("fold_not_saved", { stream: "all", error: describeError(error) });
    }
  }

  async #load(
    fold: DerivedFold,
    positions: ReadonlyMap<string, Position>,
    fence: number,
    signal: AbortSignal,
  ): Promise<HostedFold> {
    const { store, clock, log } = this.#options;
    let cursor: Cursor | undefined;
    let gapDue = false;
    try {
      const saved = await within(
        { clock, limitMs: FOLD_LOAD_LIMIT_MS, signal },
        (inner) => store.loadFold(fold.stream, inner),
      );
      if (saved.cursor) cursor = parseCursor(saved.cursor);
      const unreadable = fold.restore(saved.states);
      log.info("fold_loaded", {
        stream: fold.stream,
        symbols: saved.states.size,
        unreadable,
        cursor: saved.cursor,
      });
    } catch (error) {
      gapDue = true;
      log.warning("fold_not_loaded", { stream: fold.stream, error: describeError(error) });
    }
    const offered = new OfferedEvents();
    const lists = [...fold.inputs].flatMap((stream) => this.#listsOf(stream));
    // A stream that was split otherwise: its old lists are no longer read.
    if ([...cursor?.keys() ?? []].some((list) => !lists.includes(list))) gapDue = true;
    const checkpoint = new DerivedCheckpoint({
      fold,
      store,
      clock,
      log,
      fence,
      savedCursor: cursor,
      positions: () => positionsOf(positions, lists),
      made: () => offered.made,
      settled: () => offered.settled,
    });
    return { fold, cursor, gapDue, offered, checkpoint };
  }

  #onSeed(list: string, events: readonly Stamped[]): void {
    const term = this.#term;
    if (term === undefined || !term.awaited.delete(list)) return;
    const seeded = { list, events };
    if (term.gathering === undefined) return this.#takeUp(term, [seeded]);
    term.gathering.seeded.push(seeded);
    if (term.awaited.size === 0) this.#catchUp(term);
  }

  #catchUp(term: Term): void {
    const { gathering } = term;
    if (gathering === undefined) return;
    term.gathering = undefined;
    if (term.awaited.size > 0) this.#options.log.warning("fold_lists_late", { lists: [...term.awaited] });
    this.#takeUp(term, gathering.seeded);
    for (const { list, first, events } of gathering.appended) this.#onAppended(list, first, events);
  }

  /** Brings the folds up to date with lists as they were read. */
  #takeUp(term: Term, lists: readonly SeededList[]): void {
    for (const seeded of lists) {
      const end = endOfList(seeded);
      if (end !== undefined && term.derived.inputs.has(streamOfList(seeded.list))) {
        term.positions.set(seeded.list, end);
      }
    }
    for (const hosted of term.folds) {
      const { fold } = hosted;
      const own = lists.find(({ list }) => list === fold.stream)?.events ?? [];
      fold.remember(own);
      const inputs = lists.filter(({ list }) => fold.inputs.has(streamOfList(list)));
      if (inputs.length === 0) continue;
      const { events, gaps, missed } = catchUp(hosted.cursor, inputs);
      const gap = missed || hosted.gapDue;
      hosted.gapDue = false;
      if (gap) this.#tellMissed(hosted, events[0]?.t);
      for (const told of gaps) if (!isTold(told, own)) this.#tell(fold, told);
      for (const event of events) this.#offer(hosted, fold.apply(event));
      this.#options.log.info("fold_caught_up", { stream: fold.stream, events: events.length, gap });
    }
  }

  /** Between the newest event the checkpoint knew and the first that is left. */
  #tellMissed({ fold }: HostedFold, firstT: number | undefined): void {
    const left = firstT ?? this.#options.clock.now();
    const known = fold.newestT();
    const from = Number.isFinite(known) ? Math.min(known, left) : left;
    this.#tell(fold, { cause: "upstream", from, to: Math.max(from, known, left) });
  }

  /** What an input lost, the streams made of it may have lost too; how many of their events, nobody can know. */
  #tell(fold: DerivedFold, { cause, from, to }: Pick<Gap, "cause" | "from" | "to">): void {
    if (fold.tellsGaps) this.#options.pipeline().tellGap(fold.stream, { lost: null, cause, from, to });
  }

  #onAppended(list: string, first: Position, events: readonly FeedEvent[]): void {
    const term = this.#term;
    if (term === undefined) return;
    if (term.gathering !== undefined) {
      term.gathering.appended.push({ list, first, events });
      term.gathering.events += events.length;
      if (term.gathering.events > GATHER_MAX_EVENTS) this.#catchUp(term);
      return;
    }
    for (const { fold, offered } of term.folds) if (fold.stream === list) offered.appended(events);
    const stream = streamOfList(list);
    if (!term.derived.inputs.has(stream)) return;
    term.positions.set(list, { epoch: first.epoch, seq: first.seq + events.length - 1 });
    for (const part of cutAtGaps(events)) {
      if (!("type" in part)) this.#offerAll(term, term.derived.onEvents(stream, part));
      else for (const { fold } of term.folds) if (fold.inputs.has(stream)) this.#tell(fold, part);
    }
  }

  #offerAll(term: Term, made: readonly DerivedEvents[]): void {
    for (const { stream, events } of made) {
      const hosted = term.folds.find(({ fold }) => fold.stream === stream);
      if (hosted !== undefined) this.#offer(hosted, events);
    }
  }

  #offer({ fold, offered }: HostedFold, events: readonly FeedEvent[]): void {
    if (events.length === 0) return;
    offered.add(events);
    this.#options.pipeline().offer(fold.stream, events);
  }

  #listsOf(stream: string): readonly string[] {
    return listsOfStream(stream, stream === "tick" ? this.#options.tickLists : 1);
  }
}

/** A host; nothing happens before its first term. */
export const createDerivedHost = (options: DerivedHostOptions): DerivedHost => new Host(options);
