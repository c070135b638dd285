/** A world of clients: three edges over one store, cut off from it now and then, and the hand of a writer. */
import { anonymous } from "../../src/edge/admit/principal.ts";
import { TickcastError } from "../../src/feed/error.ts";
import type { FeedEvent, Gap, MinuteBar } from "../../src/feed/event.ts";
import type { Tier } from "../../src/feed/settings/settings.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { listOfSymbol, listsOfStream, STREAM_SPECS, streamTable } from "../../src/feed/stream.ts";
import { MemoryState } from "../../src/store/memory/memory_state.ts";
import { A_MONDAY, aGap, aMinute, aSecond, aSignal, aTrade } from "../support/event_factory.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { edgeRig, type Rig, Writer } from "./edge_rig.ts";
import { SYMBOLS } from "./model_asked.ts";
import { TIER_HEADER } from "./model_connections.ts";
import type { Produced } from "./model_produced.ts";
import { pick, type Random, seeded } from "./model_random.ts";

/** Streams of the world. */
export const STREAM_NAMES = ["tick", "minute", "signal"];
/** Tiers of its clients. */
export const TIERS = ["premium", "standard", "free"] as const;
const SIGNAL_KINDS = ["session_high", "volume_surge"];
const GAP_CHANCE = 0.01;

/** Short lists and rings: what is trimmed and evicted is as much a part of these lives as what stays. */
const LIST_CAP_EVENTS = 150;
const RING_BYTES = 100_000;
const TABLE = streamTable(STREAM_SPECS.map((spec) => ({ ...spec, listCapEvents: LIST_CAP_EVENTS })));

/** See the file comment. */
export interface World {
  readonly clock: ManualClock;
  readonly rigs: readonly Rig[];
  /** Which edges are cut off from the store. */
  readonly down: boolean[];
  readonly writer: Writer;
  readonly state: MemoryState;
  readonly produced: Produced;
  /** Lists of the tick stream; the others are one each. */
  readonly tickLists: number;
  readonly random: Random;
  /** Bars made so far: what their windows follow from. */
  bars: number;
}

/** Lists of a stream. */
export const listsOf = ({ tickLists }: Pick<World, "tickLists">, stream: string): readonly string[] =>
  listsOfStream(stream, stream === "tick" ? tickLists : 1);

const cents = (random: Random) => Math.round(10_000 + random() * 10_000) / 100;

type BarFigures = Pick<
  MinuteBar,
  "t" | "end" | "open" | "high" | "low" | "close" | "volume" | "vwap" | "avgSize" | "rev"
>;

/** A bar's own figures; now and then a correction of one before it. */
function barOf(world: World, widthMs: number): BarFigures {
  const { random } = world;
  const isCorrection = random() < 0.05;
  const t = A_MONDAY + (world.bars++ - (isCorrection ? 5 : 0)) * widthMs;
  const [open, close] = [cents(random), cents(random)];
  return {
    t,
    end: t + widthMs,
    open,
    close,
    high: Math.max(open, close) + cents(random),
    low: Math.min(open, close) - 50,
    // Crypto trades in fractions.
    volume: 0.5 + Math.round(random() * 1e6) / 1e4,
    vwap: cents(random),
    avgSize: 1 + random() * 50,
    ...(isCorrection && { rev: 1 }),
  };
}

function someGap({ random }: World, t: number): Gap {
  const lost = random() < 0.2 ? null : Math.floor(random() * 100);
  return aGap({ t, lost, cause: pick(random, ["overflow", "upstream"]), from: t - 500, to: t });
}

/** One event of a stream, and the list it belongs to. */
function make(world: World, stream: string, n: number): { list: string; event: FeedEvent } {
  const { random, clock } = world;
  const lists = listsOf(world, stream);
  const t = A_MONDAY + clock.now() + n;
  if (random() < GAP_CHANCE) return { list: pick(random, lists), event: someGap(world, t) };
  const sym = pick(random, SYMBOLS);
  const list = listOfSymbol(stream, sym, lists.length);
  if (stream === "minute") return { list, event: aMinute({ sym, ...barOf(world, 60_000) }) };
  if (stream === "tick" && random() < 0.3) return { list, event: aSecond({ sym, ...barOf(world, 1000) }) };
  if (stream === "tick") {
    return { list, event: aTrade({ sym, t, tid: undefined, price: cents(random), size: n + 1 }) };
  }
  const kind = pick(random, SIGNAL_KINDS);
  return { list, event: aSignal({ sym, t, kind, key: `${kind}|${sym}|${n % 3}`, price: cents(random) }) };
}

/** Most events of one append. */
const BATCH_MAX = LIST_CAP_EVENTS / 2;

/** Appends so many events to the lists of a stream. */
export async function produce(world: World, stream: string, count: number): Promise<void> {
  for (let left = count; left > 0; left -= BATCH_MAX) {
    const made = Array.from({ length: Math.min(left, BATCH_MAX) }, (_, n) => make(world, stream, n));
    for (const [list, some] of Map.groupBy(made, ({ list }) => list)) {
      await append(world, list, some.map(({ event }) => event));
    }
  }
}

/** Appends events to a list, and notes where they stand. */
export async function append({ writer, produced }: World, list: string, events: FeedEvent[]): Promise<void> {
  const { epoch } = await writer.append(list, events);
  const epochs = produced.get(list) ?? new Map<string, FeedEvent[]>();
  produced.set(list, epochs);
  const places = epochs.get(epoch) ?? [];
  epochs.set(epoch, places);
  places.push(...events.map(asListed));
}

/** As it stands in a list: what is undefined is not there. */
const asListed = (event: FeedEvent): FeedEvent => JSON.parse(JSON.stringify(event));

function cutOff(store: FeedStore, isDown: () => boolean): FeedStore {
  return new Proxy(store, {
    get(target, key, receiver) {
      const value: unknown = Reflect.get(target, key, receiver);
      if (key !== "readTail" && key !== "readLatest") return value;
      return (...args: unknown[]) =>
        isDown()
          ? Promise.reject(new TickcastError("STORE_UNAVAILABLE", "Cannot read as the test says so"))
          : typeof value === "function"
          ? value.apply(target, args)
          : undefined;
    },
  });
}

const tierOf = (request: Request): Tier =>
  TIERS.find((tier) => tier === request.headers.get(TIER_HEADER)) ?? "premium";

/** Lets everybody in, as what it says it is. */
const gate = {
  admit: (request: Request) => ({ principal: anonymous(tierOf(request)), headers: undefined }),
  authenticate: () => Promise.resolve(anonymous("premium")),
};

/** A world without clients. */
export async function buildWorld(seed: number): Promise<World> {
  const clock = new ManualClock();
  const state = new MemoryState(clock);
  const down = [false, false, false];
  const rigs = down.map((_, n) =>
    edgeRig({
      clock,
      state,
      gate,
      edgeId: `edge-${n}`,
      wrapStore: (store) => cutOff(store, () => down[n] ?? false),
      streams: TABLE,
      settings: { ringBytes: RING_BYTES },
    })
  );
  const random = seeded(seed);
  const { store } = pick(() => 0, rigs);
  const tickLists = 1 + seed % 3;
  const streams = Object.fromEntries(
    STREAM_NAMES.map((name) => [name, { symbols: ["*"], lists: listsOf({ tickLists }, name).length }]),
  );
  const plan = { at: 0, streams, markets: ["stocks"], simulated: false };
  await store.writeNote("plan", JSON.stringify(plan), undefined);
  return {
    clock,
    rigs,
    down,
    writer: new Writer(store, undefined, TABLE),
    state,
    produced: new Map(),
    random,
    tickLists,
    bars: 0,
  };
}

/** Ends its edges. */
export async function endWorld({ rigs, clock }: World): Promise<void> {
  const closing = Promise.all(rigs.map((rig) => rig[Symbol.asyncDispose]()));
  await clock.advance(10_000);
  await closing;
}
