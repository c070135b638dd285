/**
 * `deploy.yml` without a container: Redis by its command line, ingest and edge by the image's files, their tasks and their
 * environment, nginx by its command line. What is left out is Docker's own.
 */
import { assert, assertEquals } from "@std/assert";
import { parse } from "yaml";
import { z } from "zod";
import { systemClock } from "../../src/feed/clock.ts";
import { silentLog } from "../../src/feed/log.ts";
import { startSimulator } from "../../src/simulator/start_simulator.ts";
import { startProcess } from "../support/processes.ts";
import { realPart } from "../support/real_parts.ts";
import { freePort } from "../support/redis_server.ts";
import { collectBySse } from "../support/stream_clients.ts";
import { until } from "../support/until.ts";

const redis = realPart("redis-server");
const root = new URL("../../", import.meta.url).pathname;
const PASSWORDS = { TICKCAST_INGEST_PASSWORD: "5f0c1ngest", TICKCAST_EDGE_PASSWORD: "77edge9a" };

const Service = z.looseObject({
  command: z.array(z.string()),
  environment: z.unknown(),
  healthcheck: z.object({ test: z.array(z.string()) }).loose(),
});

/** A service as Compose reads it: variables filled in, `$$` a dollar. */
async function service(name: string, variables: Readonly<Record<string, string>>) {
  const text = (await Deno.readTextFile(`${root}deploy.yml`)).replace(
    /\$\{(\w+)(?::([?-])([^}]*))?\}/g,
    (_, variable: string, kind: string | undefined, otherwise: string) => {
      const value = variables[variable];
      assert(value !== undefined || kind !== "?", `${variable} must be set`);
      return value ?? otherwise ?? "";
    },
  );
  const { services } = parse(text.replaceAll("$$", "$"), { merge: true });
  return Service.parse(services[name]);
}

/** As Compose hands it on: everything is text, and nothing is the empty one. */
const environmentOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(z.record(z.string(), z.unknown()).parse(value)).map((
      [name, one],
    ) => [name, `${one ?? ""}`]),
  );

/** The files that the Dockerfile copies, in a directory of their own. */
async function imageFiles(): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "tickcast-image-" });
  for (const line of (await Deno.readTextFile(`${root}deploy/Dockerfile`)).split("\n")) {
    const paths = /^COPY (.*) \S+$/.exec(line)?.[1]?.split(" ") ?? [];
    if (paths.length === 0) continue;
    await new Deno.Command("cp", { args: ["-r", "--parents", ...paths, directory], cwd: root }).output();
  }
  return directory;
}

/** A task of deno.json as the arguments of `deno` and its environment: a task's shell would outlive a signal's victim. */
async function taskOf(directory: string, command: readonly string[]) {
  assertEquals(command[0], "task");
  const { tasks } = JSON.parse(await Deno.readTextFile(`${directory}/deno.json`));
  const words = z.object({ command: z.string() }).parse(tasks[command[1] ?? ""]).command.split(" ");
  const at = words.indexOf("deno");
  return {
    command: words.slice(at + 1),
    environment: Object.fromEntries(words.slice(0, at).map((word) => word.split("="))),
  };
}

/** Runs what Compose would run in the container, with other places and ports. */
function run(command: readonly string[], port: number, places: readonly (readonly [string, string])[]) {
  const [program = "", ...args] = command.map((word) =>
    places.reduce((text, [from, to]) => text.replaceAll(from, to), word)
  );
  const env = { PATH: `${Deno.execPath().replace(/\/[^/]*$/, "")}:/usr/sbin:${Deno.env.get("PATH")}` };
  const deno = ["DENO_DIR", "HOME"].flatMap((name) => Deno.env.has(name) ? [[name, Deno.env.get(name)]] : []);
  return new Deno.Command(program, {
    args,
    env: { ...env, ...Object.fromEntries(deno), ...PASSWORDS, PORT: String(port) },
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
}

/** Whether the container's own health check would pass. */
async function isWell(test: readonly string[], port: number): Promise<boolean> {
  const [kind, ...words] = test;
  const command = kind === "CMD-SHELL" ? ["sh", "-c", words.join(" ")] : words;
  const places = [["redis-cli", `redis-cli -p ${port}`], ["127.0.0.1:8000", `127.0.0.1:${port}`]] as const;
  return (await run(command, port, places).output()).success;
}

Deno.test({
  name:
    `deploy.yml's Redis, ingest and edge run by its commands and the image's files, each with its own rights${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    await using stack = new AsyncDisposableStack();
    const directory = stack.adopt(await imageFiles(), (path) => Deno.remove(path, { recursive: true }));
    const port = freePort();
    const variables = { ...PASSWORDS, MASSIVE_API_KEY: "demo-key", DATA_FREQUENCIES: "tick,minute,fmv" };
    const server = await service("redis", variables);
    const child = stack.adopt(
      run(server.command, port, [
        ["/etc/redis.acl", `${root}deploy/redis.acl`],
        ["/run/users.acl", `${directory}/users.acl`],
        ["exec redis-server", `exec ${redis.path} --port ${port} --bind 127.0.0.1 --dir ${directory}`],
      ]).spawn(),
      async (one) => {
        one.kill("SIGKILL");
        await one.status;
      },
    );
    await until(() => isWell(server.healthcheck.test, port), `Redis, process ${child.pid}, by its own check`);
    const simulator = stack.use(
      await startSimulator({ rate: 50, symbols: 20 }, { clock: systemClock, log: silentLog }),
    );
    const start = async (name: string, more: Readonly<Record<string, string>> = {}) => {
      const { command, environment, healthcheck } = await service(name, variables);
      const task = await taskOf(directory, command);
      const url = environmentOf(environment).REDIS_URL?.replace("@redis:6379", `@127.0.0.1:${port}`) ?? "";
      const all = { ...environmentOf(environment), ...task.environment, ...more, REDIS_URL: url };
      const process = stack.use(
        await startProcess({ root: directory, command: task.command, environment: all }),
      );
      return { ...process, test: healthcheck.test };
    };
    const upstream = {
      MASSIVE_REALTIME_URL: simulator.url,
      MASSIVE_BUSINESS_URL: `${simulator.url}/business`,
    };
    const leader = await start("ingest-leader", upstream);
    const edge = await start("edge-1");
    await using client = collectBySse(edge.base, ["tick", "fmv"], "tick:0-0,fmv:0-0");
    await client.until((seen) => [...seen.values()].every(({ events }) => events.length > 20), 30_000);
    assert(await isWell(edge.test, Number(new URL(edge.base).port)), "the edge by its own check");
    for (const { log } of [leader, edge]) {
      assertEquals(log.filter((line) => /NOPERM|refused|restrict/i.test(JSON.stringify(line))), []);
    }
  },
});
