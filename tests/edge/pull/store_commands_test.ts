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
const MEASURED_MS = 4_000;
const CLIENTS = 5_000;
/** Pulls in a measure: one an interval, one more at each hint, and one more or less at its ends. */
const READS_MAX = (1000 / PULL_MS + APPENDS_PER_SECOND) * MEASURED_MS / 1000 + 4;

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

  private constructor(readonly server: RedisServer, readonly writer: Writer) {}

  /** Counts what an append calls while nobody else does, then goes on appending. */
  static async start(server: RedisServer, store: FeedStore): Promise<SteadyWriter> {
    const steady = new SteadyWriter(server, new Writer(store, PULL_MS));
    await steady.writer.append("minute", [aTrade()]);
    await steady.#append();
    const before = await callsOf(server);
    await steady.#append();
    steady.#callsEach = await callsOf(server) - before;
    steady.#timer = setInterval(() => void steady.#append().catch(() => {}), 1000 / APPENDS_PER_SECOND);
    return steady;
  }

  /** Calls of one append, those within its script too. */
  get callsEach(): number {
    return this.#callsEach;
  }

  /** Calls that weren't its own since it began. */
  async others(): Promise<number> {
    return await callsOf(this.server) - this.#appended * this.#callsEach;
  }

  async #append(): Promise<void> {
    await this.writer.append("tick", [aTrade({ tid: `w${this.#appended}` })]);
    this.#appended++;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** What was read of which lists. */
interface Reads {
  readonly lists: Set<string>;
  count: number;
  lastMs: number;
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
        reads.lastMs = performance.now();
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

/** Calls of the edge, and reads among them, in a while. */
async function measure(writer: SteadyWriter, reads: Reads): Promise<number> {
  const [before, readBefore] = [await writer.others(), reads.count];
  await pause(MEASURED_MS);
  const read = reads.count - readBefore;
  assert(read <= READS_MAX, `${read} reads, at most ${READS_MAX}`);
  return await writer.others() - before;
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
    const reads: Reads = { lists: new Set(), count: 0, lastMs: 0 };
    const settings = { pullLingerMs: LINGER_MS, wsMaxConnections: 10_000, maxConnectionsPerIp: 10_000 };
    await using rig = edgeRig({ wrapStore: () => counted(store, reads), settings });
    const leave = [follow(rig, "tick")];
    await untilSteady(reads);
    const one = await measure(writer, reads);
    const [before, beganMs] = [await writer.others(), performance.now()];
    while (leave.length < CLIENTS) leave.push(follow(rig, "tick"));
    await untilSteady(reads);
    const joining = await writer.others() - before;
    const usual = one * (performance.now() - beganMs) / MEASURED_MS;
    const many = await measure(writer, reads);
    assert(one > 0 && many <= one * 1.25 + 10, `${one} calls for one client, ${many} for ${CLIENTS}`);
    assert(
      joining <= usual * 1.25 + 20,
      `${joining} calls while ${CLIENTS} clients joined, ${usual} for one`,
    );
    assertEquals([...reads.lists], ["tick"], "no list that nobody wants");
    for (const one of leave) one();
    await until(() => performance.now() - reads.lastMs > 2 * LINGER_MS, "the end of the linger", 30_000);
    const idle = await measure(writer, reads);
    // An append under way as the calls are counted is not among the writer's yet.
    assert(idle <= 2 + writer.callsEach, `${idle} calls after the last client left`);
  },
});
