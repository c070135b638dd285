/** What an edge asks of a real Redis: the same for one client as for five thousand, nothing of what nobody wants, nothing after the linger. */
import { assert, assertEquals } from "@std/assert";
import { systemClock, systemRandom } from "../../../src/feed/clock.ts";
import { silentLog } from "../../../src/feed/log.ts";
import { anonymous } from "../../../src/edge/admit/principal.ts";
import { socketHandlers } from "../../../src/edge/deliver/websocket_transport.ts";
import { openStore } from "../../../src/store/open_store.ts";
import { aTrade } from "../../support/event_factory.ts";
import { realPart } from "../../support/real_parts.ts";
import { type RedisServer, startRedis } from "../../support/redis_server.ts";
import { until } from "../../support/until.ts";
import { edgeRig, type Rig, Writer } from "../edge_rig.ts";
import { FakeSocket } from "../fake_socket.ts";

const redis = realPart("redis-server");
const PULL_MS = 250;
const APPENDS_PER_SECOND = 4;
const LINGER_MS = 500;
const MEASURED_MS = 4_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

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

/** Calls Redis has answered by command, without those inside scripts and the test's own. */
async function callsOf(server: RedisServer): Promise<number> {
  const text = String(await server.send("INFO", "commandstats"));
  const calls = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(text)?.[1] ?? 0);
  return calls("evalsha") + calls("eval") + calls("get") + calls("subscribe");
}

Deno.test({
  name:
    `an edge's store commands are the same for 1 client and 5 000, and none once the last has left${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    await using server = await startRedis();
    const open = () =>
      openStore({ transport: "tcp", url: server.url }, {
        clock: systemClock,
        random: systemRandom,
        log: silentLog,
        keyPrefix: "tickcast",
      });
    await using writing = await open();
    const writer = new Writer(writing, PULL_MS);
    await writer.append("tick", [aTrade()]);
    await writer.append("minute", [aTrade()]);
    const lists = new Set<string>();
    let reads = 0;
    let lastReadMs = 0;
    await using store = await open();
    const counting = new Proxy(store, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (key !== "readTail") return value;
        return (list: string, count: number, signal: AbortSignal) => {
          lists.add(list);
          reads++;
          lastReadMs = performance.now();
          return target.readTail(list, count, signal);
        };
      },
    });
    const settings = { pullLingerMs: LINGER_MS, wsMaxConnections: 10_000, maxConnectionsPerIp: 10_000 };
    const rig = edgeRig({ wrapStore: () => counting, settings });
    let tid = 0;
    const writingTimer = setInterval(
      () => void writer.append("tick", [aTrade({ tid: `w${tid++}` })]).catch(() => {}),
      1000 / APPENDS_PER_SECOND,
    );
    /** What a subscription costs once is over when it is pulled at its pace. */
    const untilSteady = () => {
      const before = reads;
      return until(() => reads >= before + 3, "three pulls");
    };
    /** Calls of the edge in a while: what Redis saw, less the writer's own. */
    const measure = async () => {
      const [before, appended] = [await callsOf(server), tid];
      await pause(MEASURED_MS);
      return await callsOf(server) - before - (tid - appended);
    };
    try {
      const leave = [follow(rig, "tick")];
      await untilSteady();
      const one = await measure();
      while (leave.length < 5_000) leave.push(follow(rig, "tick"));
      await untilSteady();
      const many = await measure();
      // A pull an interval, one more at each hint, the plan now and then; each measure may catch one more or less of each.
      const mostPerSecond = 1000 / PULL_MS + APPENDS_PER_SECOND + 1;
      const most = mostPerSecond * MEASURED_MS / 1000 + 4;
      assert(one > 0 && one <= most && many <= most, `${one} and ${many} calls, at most ${most}`);
      assert(many <= one * 1.25 + 3, `${one} calls for one client, ${many} for 5 000`);
      assertEquals([...lists], ["tick"], "no list that nobody wants");
      for (const one of leave) one();
      await until(() => performance.now() - lastReadMs > 2 * LINGER_MS, "the end of the linger", 30_000);
      const idle = await measure();
      assert(idle <= 2, `${idle} calls after the last client left`);
    } finally {
      clearInterval(writingTimer);
      await rig[Symbol.asyncDispose]();
    }
  },
});
