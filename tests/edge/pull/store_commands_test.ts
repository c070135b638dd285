/** What an edge asks of a real Redis: the same for one client as for five thousand, nothing of what nobody wants, nothing after the linger. */
import { assert, assertEquals } from "@std/assert";
import { systemClock, systemRandom } from "../../../src/feed/clock.ts";
import { silentLog } from "../../../src/feed/log.ts";
import type { FeedStore } from "../../../src/feed/store.ts";
import { anonymous } from "../../../src/edge/admit/principal.ts";
import { socketHandlers } from "../../../src/edge/deliver/websocket_transport.ts";
import { openStore } from "../../../src/store/open_store.ts";
import { aTrade } from "../../support/event_factory.ts";
import { realPart } from "../../support/real_parts.ts";
import { type RedisServer, startRedis } from "../../support/redis_server.ts";
import { pause, until } from "../../support/until.ts";
import { edgeRig, type Rig, Writer } from "../edge_rig.ts";
import { FakeSocket } from "../fake_socket.ts";

const redis = realPart("redis-server");
const PULL_MS = 250;
const APPENDS_PER_SECOND = 4;
const LINGER_MS = 500;
/** Looks of 10 ms: the linger twice. */
const LINGER_LOOKS = 100;
const MEASURED_MS = 4_000;
const CLIENTS = 5_000;
/** Pulls beyond those that are due: at the ends of a measure. */
const READS_MORE = 4;

/** A client of one stream; gives how it leaves. */
function follow({ edge }: Rig, stream: string): () => void {
  const socket = new FakeSocket();
  const defaults = {
    streams: [stream],
    request: undefined,
    shape: undefined,
    cursor: undefined,
    fault: undefined,
  };
  const handlers = socketHandlers(edge.core, edge.hub, socket, anonymous("premium"), defaults);
  handlers.onOpen();
  handlers.onMessage(JSON.stringify({ action: "subscribe", symbols: ["*"] }));
  return () => {
    socket.lose();
    handlers.onClose();
  };
}

/** All calls Redis has carried out, of whatever command, those inside scripts too; without these questions. */
async function callsOf(server: RedisServer): Promise<number> {
  const text = String(await server.send("INFO", "commandstats"));
  let sum = 0;
  for (const [, name, calls] of text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) {
    if (name !== "info") sum += Number(calls);
  }
  return sum;
}

/** A writer that appends at its pace, and what of the calls is its own. */
class SteadyWriter implements Disposable {
  #appended = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #callsEach = 0;
  /** One append after the other, and none while the calls are counted: a busy machine is late with each. */
  #underWay: Promise<void> | undefined;

  private constructor(readonly server: RedisServer, readonly writer: Writer) {}

  /** Counts what an append calls while nobody else does, then goes on appending. */
  static async start(server: RedisServer, store: FeedStore): Promise<SteadyWriter> {
    const steady = new SteadyWriter(server, new Writer(store, PULL_MS));
    await steady.writer.append("minute", [aTrade()]);
    await steady.#append();
    const before = await callsOf(server);
    await steady.#append();
    steady.#callsEach = await callsOf(server) - before;
    const turn = () => {
      if (steady.#underWay === undefined) void steady.#alone(() => steady.#append()).catch(() => {});
    };
    steady.#timer = setInterval(turn, 1000 / APPENDS_PER_SECOND);
    return steady;
  }

  /** Calls that weren't its own since it began, and how often it appended. */
  async others(): Promise<Pick<Moment, "calls" | "appended">> {
    while (this.#underWay !== undefined) await this.#underWay;
    return await this.#alone(async () => ({
      calls: await callsOf(this.server) - this.#appended * this.#callsEach,
      appended: this.#appended,
    }));
  }

  async #append(): Promise<void> {
    await this.writer.append("tick", [aTrade({ tid: `w${this.#appended}` })]);
    this.#appended++;
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const over = Promise.withResolvers<void>();
    this.#underWay = over.promise;
    try {
      return await work();
    } finally {
      this.#underWay = undefined;
      over.resolve();
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** What there had been of everything by a moment. */
interface Moment {
  /** Calls of the edge. */
  readonly calls: number;
  readonly reads: number;
  readonly appended: number;
  readonly atMs: number;
}

/** What was read of which lists. */
interface Reads {
  readonly lists: Set<string>;
  count: number;
}

/** A store whose reads of lists are counted. */
function counted(store: FeedStore, reads: Reads): FeedStore {
  return new Proxy(store, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (key !== "readTail") return value;
      return (list: string, count: number, signal: AbortSignal) => {
        reads.lists.add(list);
        reads.count++;
        return target.readTail(list, count, signal);
      };
    },
  });
}

/** What a subscription costs once is over when it is pulled at its pace. */
function untilSteady(reads: Reads): Promise<void> {
  const before = reads.count;
  return until(() => reads.count >= before + 3, "three pulls");
}

/** Resolves when nothing was read for so many looks: those a busy machine did not take don't count. */
function untilUnread(reads: Reads, looks: number): Promise<void> {
  let [seen, same] = [-1, 0];
  return until(() => {
    same = reads.count === seen ? same + 1 : 0;
    seen = reads.count;
    return same === looks;
  }, "an end of the reads");
}

const look = async (writer: SteadyWriter, reads: Reads): Promise<Moment> => ({
  ...await writer.others(),
  reads: reads.count,
  atMs: performance.now(),
});

/** Calls of the edge and reads among them since then, of which there are no more than were due: one an interval, one more at each hint. */
async function since(before: Moment, writer: SteadyWriter, reads: Reads): Promise<Moment> {
  const now = await look(writer, reads);
  const [read, appended] = [now.reads - before.reads, now.appended - before.appended];
  const most = (now.atMs - before.atMs) / PULL_MS + appended + READS_MORE;
  assert(read <= most, `${read} reads, at most ${most}`);
  return { ...now, calls: now.calls - before.calls, reads: read, appended };
}

/** The same for a while. */
async function measure(writer: SteadyWriter, reads: Reads): Promise<Moment> {
  const before = await look(writer, reads);
  await pause(MEASURED_MS);
  return await since(before, writer, reads);
}

Deno.test({
  name:
    `an edge's store commands are the same for 1 client and 5 000, and none once the last has left${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    await using server = await startRedis();
    const surroundings = { clock: systemClock, random: systemRandom, log: silentLog, keyPrefix: "tickcast" };
    const open = () => openStore({ transport: "tcp", url: server.url }, surroundings);
    await using writing = await open();
    using writer = await SteadyWriter.start(server, writing);
    await using store = await open();
    const reads: Reads = { lists: new Set(), count: 0 };
    const settings = { pullLingerMs: LINGER_MS, wsMaxConnections: 10_000, maxConnectionsPerIp: 10_000 };
    await using rig = edgeRig({ wrapStore: () => counted(store, reads), settings });
    const leave = [follow(rig, "tick")];
    await untilSteady(reads);
    const one = await measure(writer, reads);
    const before = await look(writer, reads);
    while (leave.length < CLIENTS) leave.push(follow(rig, "tick"));
    await untilSteady(reads);
    const joining = await since(before, writer, reads);
    const many = await measure(writer, reads);
    // A busy machine pulls more seldom: what is asked of the store by each pull is what clients may not change.
    const usual = (reads: number) => reads * one.calls / one.reads;
    assert(
      one.reads > 0 && many.calls <= usual(many.reads) * 1.25 + 10,
      `${one.calls} calls by ${one.reads} reads for one client, ${many.calls} by ${many.reads} for ${CLIENTS}`,
    );
    assert(
      joining.calls <= usual(joining.reads) * 1.25 + 20,
      `${joining.calls} calls by ${joining.reads} reads while ${CLIENTS} clients joined`,
    );
    assertEquals([...reads.lists], ["tick"], "no list that nobody wants");
    for (const one of leave) one();
    await untilUnread(reads, LINGER_LOOKS);
    const idle = await measure(writer, reads);
    assert(idle.calls <= 2, `${idle.calls} calls after the last client left`);
  },
});
