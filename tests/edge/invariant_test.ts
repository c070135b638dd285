/**
 * Invariants 1 and 2, counted: random clients that connect, filter, stall, drop and resume over three edges and three
 * transports while events flow, lists are lost and edges are cut off from the store. For each of them
 * produced = delivered + filtered + merged + told, and nothing doubled or out of order.
 */
import { assertEquals } from "@std/assert";
import { formatCursor } from "../../src/feed/cursor.ts";
import { TickcastError } from "../../src/feed/error.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { type SocketHandlers, socketHandlers } from "../../src/edge/deliver/websocket_transport.ts";
import { anonymous } from "../../src/edge/admit/principal.ts";
import { MemoryState } from "../../src/store/memory/memory_state.ts";
import { A_MONDAY, aGap, aMinute, aTrade } from "../support/event_factory.ts";
import { ManualClock, settle } from "../support/manual_clock.ts";
import { edgeRig, type Rig, Writer } from "./edge_rig.ts";
import { FakeSocket } from "./fake_socket.ts";
import { ModelClient, type Produced } from "./model_client.ts";

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

const SYMBOLS = ["AAPL", "MSFT", "TSLA", "X:BTC-USD"];

interface Connection {
  /** Reads what there is; false when the connection is gone. */
  read(): Promise<boolean>;
  stall(): void;
  drop(): void;
}

interface World {
  readonly clock: ManualClock;
  readonly rigs: readonly Rig[];
  readonly down: boolean[];
  readonly writer: Writer;
  readonly state: MemoryState;
  readonly produced: Produced;
  readonly random: () => number;
}

const pick = <T>(random: () => number, from: readonly T[]): T =>
  from[Math.floor(random() * from.length)] as T;

function connectSocket(world: World, edge: number, client: ModelClient): Connection {
  const rig = world.rigs[edge] as Rig;
  const socket = new FakeSocket();
  const defaults = {
    streams: [client.list],
    request: undefined,
    shape: undefined,
    cursor: undefined,
    fault: undefined,
  };
  const handlers: SocketHandlers = socketHandlers(
    rig.edge.core,
    rig.edge.hub,
    socket,
    anonymous("premium"),
    defaults,
  );
  handlers.onOpen();
  const cursor = formatCursor(client.cursor);
  handlers.onMessage(
    JSON.stringify({
      action: "subscribe",
      symbols: client.symbols,
      mode: client.mode,
      ...(cursor && { cursor }),
    }),
  );
  return {
    read() {
      if (!socket.isStalled) socket.drain();
      for (const message of socket.read.splice(0)) client.take(message);
      if (socket.closeCode !== undefined) {
        socket.drain();
        for (const message of socket.read.splice(0)) client.take(message);
        handlers.onClose();
      }
      return Promise.resolve(socket.closeCode === undefined);
    },
    stall() {
      socket.isStalled = !socket.isStalled;
    },
    drop() {
      socket.lose();
      handlers.onClose();
    },
  };
}

function connectStream(world: World, edge: number, client: ModelClient): Connection {
  const rig = world.rigs[edge] as Rig;
  const query = `symbols=${client.symbols.join(",")}&mode=${client.mode}`;
  const headers: Record<string, string> = client.cursor.size
    ? { "last-event-id": formatCursor(client.cursor) }
    : {};
  const opening = Promise.resolve(
    rig.edge.fetch(new Request(`http://edge/sse/${client.list}?${query}`, { headers })),
  );
  let isStalled = false;
  let isGone = false;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let pending: Promise<void> | undefined;
  let text = "";
  const decoder = new TextDecoder();
  const pump = async () => {
    reader ??= (await opening).body?.getReader();
    const result = await reader?.read().catch(() => undefined);
    if (result === undefined || result.done) isGone = true;
    else text += decoder.decode(result.value, { stream: true });
    pending = undefined;
  };
  let id = "";
  const blocks = () => {
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const fields = new Map(
        text.slice(0, end).split("\n").map((
          line,
        ) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
      );
      text = text.slice(end + 2);
      id = fields.get("id") ?? id;
      const data = fields.get("data");
      if (data === undefined) {
        if (fields.has("id")) client.take({ type: "id", cursor: id });
        continue;
      }
      const parsed = JSON.parse(data);
      const cursor = fields.get("id");
      if (Array.isArray(parsed)) client.take({ type: "events", events: parsed, cursor });
      else client.take({ ...parsed, type: fields.get("event") ?? "", cursor });
    }
  };
  return {
    async read() {
      for (let n = 0; n < 50 && !isStalled && !isGone; n++) {
        pending ??= pump();
        await settle(30);
        if (pending !== undefined) break;
      }
      blocks();
      return !isGone;
    },
    stall() {
      isStalled = !isStalled;
    },
    drop() {
      isGone = true;
      void opening.then(async ({ body }) =>
        reader === undefined ? await body?.cancel() : await reader.cancel()
      ).catch(() => {});
    },
  };
}

function connectPoll(world: World, edge: number, client: ModelClient): Connection {
  const rig = world.rigs[edge] as Rig;
  let isGone = false;
  let pending: Promise<void> | undefined;
  const ask = async () => {
    const query = new URLSearchParams({ symbols: client.symbols.join(","), mode: client.mode });
    if (client.cursor.size) query.set("cursor", formatCursor(client.cursor));
    if (world.random() < 0.5) query.set("wait", "1");
    const response = await rig.edge.fetch(new Request(`http://edge/events/${client.list}?${query}`));
    const text = await response.text();
    if (isGone) return;
    if (response.status === 200) {
      const { gap, events, cursor } = JSON.parse(text);
      if (gap) client.takeGap(gap);
      client.take({ type: "events", events, cursor });
    } else isGone = true;
    pending = undefined;
  };
  return {
    async read() {
      if (isGone) return false;
      pending ??= ask();
      await settle(50);
      return !isGone;
    },
    stall() {},
    drop() {
      isGone = true;
    },
  };
}

async function produce(world: World, list: string, count: number): Promise<void> {
  const { random, writer, produced } = world;
  for (let left = count; left > 0;) {
    const batch = Math.min(left, 500);
    left -= batch;
    const events = Array.from({ length: batch }, (_, n) => {
      const sym = pick(random, SYMBOLS);
      const t = A_MONDAY + world.clock.now() + n;
      if (random() < 0.01) return aGap({ t });
      return list === "tick"
        ? aTrade({ sym, t, tid: undefined })
        : aMinute({ sym, t: A_MONDAY + n * 60_000 });
    });
    const head = await writer.append(list, events);
    const epochs = produced.get(list) ?? new Map<string, string[]>();
    produced.set(list, epochs);
    const symbols = epochs.get(head.epoch) ?? [];
    epochs.set(head.epoch, symbols);
    for (const event of events) symbols.push(event.type === "gap" ? "" : event.sym);
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
        life.connection = connect(world, Math.floor(random() * 3), life.client);
      }
    } else if (chance < 0.04) {
      life.connection.drop();
      life.connection = undefined;
    } else if (chance < 0.08) life.connection.stall();
  }
  const burst = random() < 0.1 ? 700 : 30;
  await produce(world, "tick", Math.floor(random() * burst));
  if (random() < 0.3) await produce(world, "minute", Math.floor(random() * 20));
  if (random() < 0.03) world.state.list(pick(random, ["tick", "minute"])).dropElements();
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

async function run(seed: number, clients: number, steps: number) {
  const random = seeded(seed);
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
  const writer = new Writer((rigs[0] as Rig).store);
  const world: World = { clock, rigs, down, writer, state, produced: new Map(), random };
  const lives: Life[] = Array.from({ length: clients }, () => {
    const symbols = random() < 0.3 ? ["*"] : SYMBOLS.filter(() => random() < 0.5);
    const list = random() < 0.8 ? "tick" : "minute";
    const mode = random() < 0.25 ? "latest" : "all";
    const client = new ModelClient(
      list,
      symbols.length ? symbols : ["AAPL"],
      mode,
      () => writer.heads.get(list),
    );
    return { client, connection: undefined };
  });
  await produce(world, "tick", 5);
  await produce(world, "minute", 5);
  for (let n = 0; n < steps; n++) await step(world, lives);
  down.fill(false);
  for (const life of lives) life.connection?.drop();
  for (const life of lives) life.connection = connectSocket(world, Math.floor(random() * 3), life.client);
  for (let n = 0; n < 20; n++) {
    await clock.advance(500);
    await readAll(lives);
  }
  const problems = lives.flatMap(({ client }) =>
    [...client.problems(world.produced), ...client.wrongCounts()].slice(0, 3).map((problem) =>
      `${client.list} ${client.symbols} ${client.mode}: ${problem}`
    )
  );
  const total = (of: (client: ModelClient) => number) =>
    lives.reduce((sum, { client }) => sum + of(client), 0);
  const sums = {
    delivered: total((one) => one.delivered),
    gaps: total((one) => one.gaps),
    merged: total((one) => one.merged),
  };
  for (const life of lives) life.connection?.drop();
  await settle(100);
  const closing = Promise.all(rigs.map((rig) => rig[Symbol.asyncDispose]()));
  await clock.advance(10_000);
  await closing;
  return { problems, sums };
}

const SEEDS = Number(Deno.env.get("INVARIANT_SEEDS") ?? 6);
const FIRST = Number(Deno.env.get("INVARIANT_SEED") ?? 1);

Deno.test("produced = delivered + filtered + merged + told for every client, in order, nothing twice", async () => {
  const all = { delivered: 0, gaps: 0, merged: 0 };
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const { problems, sums } = await run(seed, 60, 60);
    assertEquals(problems, [], `seed ${seed} (INVARIANT_SEED=${seed} INVARIANT_SEEDS=1)`);
    for (const key of ["delivered", "gaps", "merged"] as const) all[key] += sums[key];
  }
  assertEquals(all.delivered > 10_000 && all.gaps > 10 && all.merged > 100, true, JSON.stringify(all));
});
