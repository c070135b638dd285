/**
 * Invariants 1 and 2, counted: random clients that connect, filter, stall, drop and resume over three edges and three
 * transports while ticks (over one, two or three lists), minutes and signals flow, lists are lost and edges are cut off from
 * the store. For each of them and each list produced = delivered + filtered + merged + told, what is merged is of the same
 * symbol (a signal's: of the same key), and nothing is doubled or out of order. `INVARIANT_SEEDS` worlds of sixty clients,
 * from `INVARIANT_SEED` on.
 */
import { assert, assertEquals } from "@std/assert";
import { TickcastError } from "../../src/feed/error.ts";
import type { FeedEvent } from "../../src/feed/event.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { listOfSymbol, listsOfStream } from "../../src/feed/stream.ts";
import { MemoryState } from "../../src/store/memory/memory_state.ts";
import { A_MONDAY, aGap, aMinute, aSignal, aTrade } from "../support/event_factory.ts";
import { ManualClock, settle } from "../support/manual_clock.ts";
import { edgeRig, type Rig, Writer } from "./edge_rig.ts";
import { type Asked, ModelClient } from "./model_client.ts";
import { type Connection, connectPoll, connectSocket, connectStream } from "./model_connections.ts";
import type { Produced } from "./model_list.ts";

/** Seeded (mulberry32). */
function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Two and three lists are all used by them. */
const SYMBOLS = ["AAPL", "MSFT", "NVDA", "AMD", "X:BTC-USD"];
const STREAM_NAMES = ["tick", "minute", "signal"];
const SIGNAL_KINDS = ["session_high", "volume_surge"];

interface World {
  readonly clock: ManualClock;
  readonly rigs: readonly Rig[];
  readonly down: boolean[];
  readonly writer: Writer;
  readonly state: MemoryState;
  readonly produced: Produced;
  /** Lists of the tick stream; the others are one each. */
  readonly tickLists: number;
  readonly random: () => number;
}

function pick<T>(random: () => number, from: readonly T[]): T {
  const one = from[Math.floor(random() * from.length)];
  assert(one !== undefined);
  return one;
}

const listsOf = ({ tickLists }: World, stream: string) =>
  listsOfStream(stream, stream === "tick" ? tickLists : 1);

/** One event of a stream, and the list it belongs to. */
function make(world: World, stream: string, n: number): { list: string; event: FeedEvent } {
  const { random, clock } = world;
  const lists = listsOf(world, stream);
  const t = A_MONDAY + clock.now() + n;
  if (random() < 0.01) return { list: pick(random, lists), event: aGap({ t }) };
  const sym = pick(random, SYMBOLS);
  const list = listOfSymbol(stream, sym, lists.length);
  if (stream === "tick") return { list, event: aTrade({ sym, t, tid: undefined }) };
  if (stream === "minute") return { list, event: aMinute({ sym, t: A_MONDAY + n * 60_000 }) };
  const kind = pick(random, SIGNAL_KINDS);
  return { list, event: aSignal({ sym, t, kind, key: `${kind}|${sym}|${n % 3}` }) };
}

function keyOf(event: FeedEvent): string {
  if (event.type === "gap") return "";
  return event.type === "signal" ? event.key : event.sym;
}

async function produce(world: World, stream: string, count: number): Promise<void> {
  const { writer, produced } = world;
  for (let left = count; left > 0; left -= 500) {
    const made = Array.from({ length: Math.min(left, 500) }, (_, n) => make(world, stream, n));
    for (const [list, some] of Map.groupBy(made, ({ list }) => list)) {
      const head = await writer.append(list, some.map(({ event }) => event));
      const epochs = produced.get(list) ?? new Map();
      produced.set(list, epochs);
      const places = epochs.get(head.epoch) ?? [];
      epochs.set(head.epoch, places);
      for (const { event } of some) {
        places.push({ sym: event.type === "gap" ? "" : event.sym, key: keyOf(event) });
      }
    }
  }
}

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

interface Life {
  readonly client: ModelClient;
  connection: Connection | undefined;
}

async function step(world: World, lives: Life[]): Promise<void> {
  const { random, clock } = world;
  for (const life of lives) {
    const chance = random();
    if (life.connection === undefined) {
      if (chance < 0.4) {
        const connect = pick(random, [connectSocket, connectStream, connectPoll]);
        life.connection = connect(pick(random, world.rigs), life.client, random);
      }
    } else if (chance < 0.04) {
      life.connection.drop();
      life.connection = undefined;
    } else if (chance < 0.08) life.connection.stall();
  }
  const burst = random() < 0.1 ? 700 : 30;
  await produce(world, "tick", Math.floor(random() * burst));
  if (random() < 0.3) await produce(world, "minute", Math.floor(random() * 20));
  if (random() < 0.2) await produce(world, "signal", Math.floor(random() * 20));
  if (random() < 0.03) {
    world.state.list(pick(random, listsOf(world, pick(random, STREAM_NAMES)))).dropElements();
  }
  if (random() < 0.05) {
    const edge = Math.floor(random() * 3);
    world.down[edge] = !world.down[edge];
  }
  await clock.advance(pick(random, [10, 30, 120, 600]));
  await readAll(lives);
}

async function readAll(lives: readonly Life[]): Promise<void> {
  for (const life of lives) {
    if (life.connection !== undefined && !await life.connection.read()) {
      life.connection.drop();
      life.connection = undefined;
    }
  }
}

/** Clients of a world, none connected. */
function populate(world: World, clients: number): Life[] {
  const { random, writer } = world;
  return Array.from({ length: clients }, () => {
    const some = random() < 0.3 ? ["*"] : SYMBOLS.filter(() => random() < 0.5);
    const chance = random();
    const asked: Asked = {
      stream: chance < 0.6 ? "tick" : chance < 0.8 ? "minute" : "signal",
      symbols: some.length > 0 ? some : ["AAPL"],
      mode: random() < 0.25 ? "latest" : "all",
    };
    const lists = listsOf(world, asked.stream);
    return { client: new ModelClient(asked, lists, (list) => writer.heads.get(list)), connection: undefined };
  });
}

async function build(seed: number): Promise<World> {
  const clock = new ManualClock();
  const state = new MemoryState(clock);
  const down = [false, false, false];
  const rigs = down.map((_, n) =>
    edgeRig({
      clock,
      state,
      edgeId: `edge-${n}`,
      wrapStore: (store) => cutOff(store, () => down[n] ?? false),
      settings: { ringBytes: 600_000 },
    })
  );
  const { store } = pick(() => 0, rigs);
  const tickLists = 1 + seed % 3;
  const streams = Object.fromEntries(
    STREAM_NAMES.map((name) => [name, { symbols: ["*"], lists: name === "tick" ? tickLists : 1 }]),
  );
  const plan = { at: 0, streams, markets: ["stocks"], simulated: false };
  await store.writeNote("plan", JSON.stringify(plan), undefined);
  const [writer, produced, random] = [new Writer(store), new Map(), seeded(seed)];
  return { clock, rigs, down, writer, state, produced, random, tickLists };
}

/** Everybody reads to the end: what is missing then is missing. */
async function comeHome({ clock, rigs, random }: World, lives: readonly Life[]): Promise<void> {
  for (const life of lives) life.connection?.drop();
  for (const life of lives) life.connection = connectSocket(pick(random, rigs), life.client);
  for (let n = 0; n < 20; n++) {
    await clock.advance(500);
    await readAll(lives);
  }
}

async function run(seed: number, clients: number, steps: number) {
  const world = await build(seed);
  const lives = populate(world, clients);
  for (const stream of STREAM_NAMES) await produce(world, stream, 5);
  for (let n = 0; n < steps; n++) await step(world, lives);
  world.down.fill(false);
  await comeHome(world, lives);
  const problems = lives.flatMap(({ client }) => client.problems(world.produced).slice(0, 3));
  const sums = new Map<string, number>();
  for (const { client } of lives) {
    for (const what of ["delivered", "gaps", "merged"] as const) {
      const name = `${client.asked.stream} ${what}`;
      sums.set(name, (sums.get(name) ?? 0) + client[what]);
    }
  }
  for (const life of lives) life.connection?.drop();
  await settle(100);
  const closing = Promise.all(world.rigs.map((rig) => rig[Symbol.asyncDispose]()));
  await world.clock.advance(10_000);
  await closing;
  return { problems, sums };
}

const SEEDS = Number(Deno.env.get("INVARIANT_SEEDS") ?? 6);
const FIRST = Number(Deno.env.get("INVARIANT_SEED") ?? 1);

/** Fewer than these in all, and nothing was shown. */
const LEAST = {
  "tick delivered": 10_000,
  "tick gaps": 10,
  "tick merged": 100,
  "minute delivered": 1_000,
  "minute merged": 50,
  "signal delivered": 1_000,
  "signal gaps": 1,
  "signal merged": 50,
};

Deno.test("produced = delivered + filtered + merged + told for every client and list, in order, nothing twice", async () => {
  const all = new Map<string, number>();
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const { problems, sums } = await run(seed, 60, 60);
    assertEquals(problems, [], `seed ${seed} (INVARIANT_SEED=${seed} INVARIANT_SEEDS=1)`);
    for (const [name, sum] of sums) all.set(name, (all.get(name) ?? 0) + sum);
  }
  if (SEEDS < 6) return;
  const few = Object.entries(LEAST).filter(([name, least]) => (all.get(name) ?? 0) < least);
  assertEquals(few, [], JSON.stringify([...all]));
});
