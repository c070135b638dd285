/** The doctor against the simulator and a real Redis, well and ill; and without accounts. */
import { assert, assertEquals } from "@std/assert";
import { systemClock, systemRandom } from "../../src/feed/clock.ts";
import { silentLog } from "../../src/feed/log.ts";
import { readSettings } from "../../src/feed/settings/read_settings.ts";
import type { Environment } from "../../src/feed/settings/read_values.ts";
import { runDoctor, runLive } from "../../src/operations/doctor.ts";
import { sampleTopics } from "../../src/operations/doctor/check_upstream.ts";
import { startSimulator } from "../../src/simulator/start_simulator.ts";
import { realPart } from "../support/real_parts.ts";
import { freePort, startRedis } from "../support/redis_server.ts";
import { startRestFront } from "../support/rest_front.ts";

const redis = realPart("redis-server");
const accounts = JSON.parse(
  await Deno.readTextFile(new URL("../../fixtures/accounts/example.json", import.meta.url)),
);

async function ask(
  environment: Environment,
  args: readonly string[] = [],
  run = runDoctor,
): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const reading = readSettings({ HOST: "127.0.0.1", PORT: String(freePort()), ...environment }, {
    signalThresholds: [],
    onDeploy: false,
  });
  const code = await run(args, {
    clock: systemClock,
    random: systemRandom,
    print: (line) => void lines.push(line),
    signal: new AbortController().signal,
    reading,
  });
  return { code, text: lines.join("\n") };
}

const upstreamOf = (url: string, key: string): Environment => ({
  ROLE: "all",
  MASSIVE_API_KEY: key,
  MASSIVE_REALTIME_URL: url,
  MASSIVE_BUSINESS_URL: `${url}/business`,
  DATA_FREQUENCIES: "tick,minute,fmv",
});

/** All but how far away a busy machine makes it seem. */
const warningsOfRedis = (text: string): readonly string[] =>
  text.split("\n").filter((line) => line.includes("WARN redis") && !line.includes("round trip"));

const simulator = () => startSimulator({ accounts, rate: 50 }, { clock: systemClock, log: silentLog });

Deno.test("with nothing set the doctor finds the simulator and nothing in the way", async () => {
  const { code, text } = await ask({});
  assertEquals(code, 0, text);
  assert(text.includes("built-in simulator") && text.includes("in memory"));
});

Deno.test({
  name: "the task's own rights are enough to see what the kernel keeps",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { tasks } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
    const [program, ...args] = String(tasks.doctor.command).split(" ");
    assertEquals(program, "deno");
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args,
      cwd: new URL("../..", import.meta.url),
      env: { PORT: "0", NO_COLOR: "1" },
      stderr: "null",
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert(/(?:ok|WARN) +machine +the kernel keeps/.test(text), text);
  },
});

Deno.test("wrong settings are told and nothing else is looked at", async () => {
  const { code, text } = await ask({ PULL_INTERVAL_MS: "soon", ROLE: "ingest" });
  assertEquals(code, 2);
  assert(text.includes("PULL_INTERVAL_MS=soon") && text.includes("MASSIVE_API_KEY"));
  assertEquals((await ask({}, ["--frce"])).code, 2);
});

Deno.test("a good key is let in on every planned connection, and a bad one is told with what to do", async () => {
  await using market = await simulator();
  const good = await ask(upstreamOf(market.url, "business-key"));
  assertEquals(good.code, 0, good.text);
  assert(
    good.text.includes("subscribed A.AAPL, AM.AAPL") && good.text.includes("subscribed FMV.AAPL"),
    good.text,
  );
  const bad = await ask(upstreamOf(market.url, "nobodys-secret-key"));
  assertEquals(bad.code, 1);
  assert(bad.text.includes("check MASSIVE_API_KEY"), bad.text);
  assert(!bad.text.includes("nobodys-secret-key"), "the key is in the report");
});

Deno.test("a plan without the business feed and an upstream that isn't there are told apart", async () => {
  await using market = await simulator();
  const plan = await ask(upstreamOf(market.url, "individual-key"));
  assertEquals(plan.code, 1);
  assert(
    /ok\s+upstream\s+primary/.test(plan.text) && /FAIL upstream\s+stocks_fmv/.test(plan.text),
    plan.text,
  );
  const gone = await ask(upstreamOf(`ws://127.0.0.1:${freePort()}`, "k-1"));
  assert(gone.code === 1 && gone.text.includes("cannot be reached"), gone.text);
});

Deno.test({
  name: `a Redis that is well passes over TCP and REST, and nothing of the doctor's stays in it${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    await using server = await startRedis();
    await using front = await startRestFront(server);
    const tcp = await ask({ REDIS_URL: server.url });
    assertEquals(tcp.code, 0, tcp.text);
    for (
      const told of [
        "reachable over TCP",
        "version",
        "nothing is evicted",
        "round trip",
        "takes the lease",
        "appends and reads back",
        "writes an edge's health",
        "gives and takes tickets",
        "hears hints",
      ]
    ) {
      assert(tcp.text.includes(told), `${told}\n${tcp.text}`);
    }
    const rest = await ask({ UPSTASH_REDIS_REST_URL: front.url, UPSTASH_REDIS_REST_TOKEN: front.token });
    assertEquals(rest.code, 0, rest.text);
    assert(rest.text.includes("takes the lease"), rest.text);
    // An edge's health goes by itself within seconds: edges may not delete.
    const left = await server.send("KEYS", "*");
    assert(
      Array.isArray(left) && left.every((key) => String(key).startsWith("tickcast:health:edge:doctor-")),
      String(left),
    );
    const live = await ask(
      { UPSTASH_REDIS_REST_URL: front.url, UPSTASH_REDIS_REST_TOKEN: front.token },
      [],
      runLive,
    );
    assert(live.code === 0 && live.text.includes("set MASSIVE_API_KEY"), live.text);
  },
});

Deno.test({
  name: `a Redis that evicts, lacks a right or is not there is told with what to do${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    await using server = await startRedis({ args: ["--maxmemory-policy", "allkeys-lru"] });
    await server.send(
      "ACL",
      "SETUSER",
      "poor",
      "on",
      ">poor-password",
      "~tickcast:*",
      "&*",
      "+@all",
      "-evalsha",
      "-eval",
    );
    const evicts = await ask({ REDIS_URL: server.url });
    assert(evicts.code === 1 && evicts.text.includes("set it to noeviction"), evicts.text);
    const poor = await ask({ REDIS_URL: `redis://poor:poor-password@127.0.0.1:${server.port}` });
    assert(poor.code === 1 && poor.text.includes("the user may not run EVAL, EVALSHA"), poor.text);
    assert(poor.text.includes("give it +eval +evalsha"), poor.text);
    assert(!poor.text.includes("poor-password"));
    await server.send(
      "ACL",
      "SETUSER",
      "few",
      "on",
      ">few-pw",
      "~tickcast:*",
      "&*",
      "+@all",
      "-lpop",
      "-hscan",
    );
    const few = `redis://few:few-pw@127.0.0.1:${server.port}`;
    assert((await ask({ REDIS_URL: few })).text.includes("the user may not run LPOP, HSCAN"));
    assert((await ask({ REDIS_URL: few, ROLE: "edge" })).text.includes("may run the 12 commands"));
    await server.send("ACL", "SETUSER", "else", "on", ">else-pw", "~other:*", "&*", "+@all");
    const other = await ask({ REDIS_URL: `redis://else:else-pw@127.0.0.1:${server.port}` });
    assert(other.code === 1 && other.text.includes("may not touch the keys tickcast:*"), other.text);
    await server.send("ACL", "SETUSER", "deaf", "on", ">deaf-pw", "~tickcast:*", "resetchannels", "+@all");
    const deaf = await ask({ REDIS_URL: `redis://deaf:deaf-pw@127.0.0.1:${server.port}`, ROLE: "edge" });
    assert(/WARN redis +hints can't be subscribed to.*\n +→ allow SUBSCRIBE/.test(deaf.text), deaf.text);
    const gone = await ask({ REDIS_URL: `redis://127.0.0.1:${freePort()}` });
    assert(gone.code === 1 && gone.text.includes("can't be reached"), gone.text);
  },
});

Deno.test({
  name:
    `the users of deploy/redis.acl pass, each in its role, and an edge that may only read is told what is off${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    const file = await Deno.makeTempFile({ suffix: ".acl" });
    const rules = await Deno.readTextFile(new URL("../../deploy/redis.acl", import.meta.url));
    const users = rules.split("\n").filter((line) => line.startsWith("user ")).join("\n");
    await Deno.writeTextFile(
      file,
      `${users.replace("user default off", "user default on nopass ~* &* +@all")}\n`,
    );
    await using server = await startRedis({ args: ["--aclfile", file] });
    await using market = await simulator();
    const as = (user: string) => `redis://${user}@127.0.0.1:${server.port}`;
    const ingest = await ask({
      ...upstreamOf(market.url, "business-key"),
      ROLE: "ingest",
      REDIS_URL: as("ingest:INGEST_PASSWORD"),
    });
    assertEquals(ingest.code, 0, ingest.text);
    assert(
      /ok\s+redis\s+(runs scripts|appends)/.test(ingest.text) && ingest.text.includes("hears hints"),
      ingest.text,
    );
    const edge = await ask({ ROLE: "edge", REDIS_URL: as("edge:EDGE_PASSWORD") });
    assertEquals(edge.code, 0, edge.text);
    for (
      const told of [
        "reads lists",
        "writes an edge's health",
        "gives and takes tickets",
        "subscribes to hints",
      ]
    ) {
      assert(edge.text.includes(told), `${told}\n${edge.text}`);
    }
    assertEquals(warningsOfRedis(edge.text), [], edge.text);
    await server.send("ACL", "SETUSER", "reader", "on", ">reader-pw", "%R~tickcast:*", "&*", "+@all");
    const reader = await ask({ ROLE: "edge", REDIS_URL: as("reader:reader-pw") });
    assert(reader.code === 0 && warningsOfRedis(reader.text).length > 0, reader.text);
    await Deno.remove(file);
  },
});

Deno.test("a taken port is told", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { code, text } = await ask({ PORT: String(listener.addr.port) });
  assert(code === 1 && text.includes("taken by another program"), text);
});

Deno.test("without accounts the live checks say what is missing and pass", async () => {
  const { code, text } = await ask({}, [], runLive);
  assertEquals(code, 0);
  assert(text.includes("set MASSIVE_API_KEY") && text.includes("UPSTASH_REDIS_REST_URL"));
});

Deno.test({
  name: "one symbol of each kind of event is asked for",
  permissions: "none",
  fn() {
    assertEquals(sampleTopics(["A.*", "AM.BRK.B", "AM.MSFT", "XT.*"]), ["A.AAPL", "AM.BRK.B", "XT.BTC-USD"]);
  },
});
