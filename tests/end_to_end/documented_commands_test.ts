/**
 * Every command of README and docs is run as it stands, against a running service; only ports, durations and file names
 * differ. What can't be run here stands in a table with the reason, and the table is held to be exact.
 */
import { assert, assertEquals } from "@std/assert";
import { documentedCommands, hiddenCommands } from "../support/documented_commands.ts";
import { startProcess } from "../support/processes.ts";
import { realPart } from "../support/real_parts.ts";
import { freePort, startRedis } from "../support/redis_server.ts";

const root = new URL("../../", import.meta.url);
const redis = realPart("redis-server");
const RUN_LIMIT_MS = 60_000;
/** How long an endless stream is looked at. */
const STREAM_S = 3;

/** Run by another test, which is named by its file and a text in it. */
const ELSEWHERE: Readonly<Record<string, readonly [file: string, text: string]>> = {
  "deno task test": [".ci/run", "deno task test"],
  "redis-server --port 6390 --save '' --maxmemory-policy noeviction &": [
    "tests/operations/walk_test.ts",
    "6390",
  ],
  "export REDIS_URL=redis://localhost:6390": ["tests/operations/walk_test.ts", "6390"],
  "deno task simulate --port 8001 &": ["tests/operations/walk_test.ts", "8001"],
  "MASSIVE_API_KEY=demo MASSIVE_REALTIME_URL=ws://localhost:8001 MASSIVE_BUSINESS_URL=ws://localhost:8001/business DATA_FREQUENCIES=tick,minute,fmv PORT=8100 deno task ingest &":
    ["tests/operations/walk_test.ts", "8100"],
  "PORT=8101 deno task edge &": ["tests/operations/walk_test.ts", "8101"],
  "PORT=8102 deno task edge &": ["tests/operations/walk_test.ts", "8102"],
  "curl -sN --retry 30 --retry-delay 1 --retry-connrefused 'localhost:8101/sse/tick?symbols=AAPL'": [
    "tests/operations/walk_test.ts",
    "8101",
  ],
  "sed -e 's/edge-1:8000/localhost:8101/' -e 's/edge-2:8000/localhost:8102/' deploy/nginx.conf > /tmp/tickcast.conf":
    ["tests/operations/walk_test.ts", "/tmp/tickcast"],
  "nginx -e stderr -c /tmp/tickcast.conf -g 'daemon off; pid /tmp/tickcast.pid;' &": [
    "tests/operations/walk_test.ts",
    "/tmp/tickcast",
  ],
  "curl -sN 'localhost:8080/sse/tick?symbols=AAPL'": ["tests/operations/walk_test.ts", "8080"],
  "deno task soak --url http://localhost:8000 --hours 0.06 --clients 10": [
    "tests/operations/soak_test.ts",
    "--hours",
  ],
};

/** Not run by any test, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "docker compose -f deploy.yml up --build --detach --wait":
    "needs Docker; tests/end_to_end/compose_test.ts runs what is in its containers",
  "docker compose -f deploy.yml build":
    "needs Docker; tests/end_to_end/compose_test.ts runs the image's files",
  "docker compose -f deploy.yml up --no-deps --detach --wait edge-1":
    "needs Docker; tests/end_to_end/rolling_restart_test.ts restarts an edge",
  "TICKCAST_CANARY=… docker compose -f deploy.yml --profile canary up --no-deps --build --detach --wait edge-new":
    "needs Docker; tests/end_to_end/canary_test.ts runs the steps",
  "curl localhost:8080/health/streams":
    "asks the Compose file's nginx; tests/end_to_end/nginx_test.ts runs that",
};

/** Programs a machine may lack, with the line that installs them. */
const TOOLS: Readonly<Record<string, string>> = {
  websocat: "cargo install websocat",
  jq: "apt-get install -y jq",
};

async function isInstalled(tool: string): Promise<boolean> {
  return (await new Deno.Command("sh", { args: ["-c", `command -v ${tool}`], stdout: "null" }).output())
    .success;
}

/** So many at once: each is a process of its own. */
const LANES = 3;

/** All of them, {@link LANES} at once. */
async function inLanes<T>(texts: readonly string[], run: (text: string) => Promise<T>): Promise<T[]> {
  const left = texts.values();
  const done: T[] = [];
  const lane = async () => {
    for (const text of left) done.push(await run(text));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return done;
}

interface Place {
  readonly base: string;
  readonly simulator: number;
  readonly redisUrl: string;
  readonly directory: string;
}

/** The command with what must differ here. */
function adapted(text: string, { base, simulator, redisUrl, directory }: Place): string {
  const host = new URL(base).host;
  const changes: readonly (readonly [RegExp, string])[] = [
    [/http:\/\/localhost:8000/g, base],
    [/ws:\/\/localhost:8000/g, `ws://${host}`],
    [/localhost:8000/g, host],
    [/localhost:8001/g, `127.0.0.1:${simulator}`],
    [/redis:\/\/localhost:6379/g, redisUrl],
    [/MASSIVE_API_KEY=…/g, `MASSIVE_API_KEY=demo MASSIVE_REALTIME_URL=ws://127.0.0.1:${simulator}`],
    [/--port 8001/g, "--port 0"],
    [/deno task simulate(?! --(port|help))/g, "deno task simulate --port 0"],
    [/\b(load|recording)\.(html|json|ndjson\.gz)\b/g, `${directory}/$1.$2`],
    [/--stages \S+/g, ""],
    [/deno task load(?! --help)/g, `deno task load --url ${base} --stages 3:1,3:1,0:1`],
    [/^curl /, `curl --fail --no-progress-meter --max-time ${STREAM_S} `],
    [/ &$/, ""],
  ];
  return changes.reduce((line, [what, by]) => line.replaceAll(new RegExp(what.source, "g"), by), text);
}

/** Whether it goes on until it is ended. */
const isService = (text: string) =>
  /deno task (start|ingest|edge)\b/.test(text) ||
  (/deno task simulate\b/.test(text) && !text.includes("--help"));

const isUp = (text: string, said: string) =>
  text.includes("deno task simulate") ? said.includes("ws://") : said.includes('"message":"listening"');

/** A load run that lost nothing: how quick this machine was just then is another matter. */
const isLoadWell = (said: string) => {
  const missed = [...said.matchAll(/^\s+MISSED (.+):/gm)].map(([, name]) => name ?? "");
  return /^ {2}(not )?passed$/m.test(said) && missed.every((name) => / p9[59]$/.test(name));
};

/** Runs one to its end, or a service until it says something; gives what is wrong, or nothing. */
async function fault(text: string, place: Place): Promise<string | undefined> {
  const line = adapted(text, place);
  const child = new Deno.Command("setsid", {
    args: ["bash", "-o", "pipefail", "-c", line],
    cwd: root,
    env: {
      NO_COLOR: "1",
      PORT: String(freePort()),
      PATH: `${Deno.execPath().replace(/\/[^/]*$/, "")}:${Deno.env.get("PATH")}`,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const end = () =>
    void new Deno.Command("kill", { args: ["-KILL", "--", `-${child.pid}`], stderr: "null" }).outputSync();
  const limit = setTimeout(end, RUN_LIMIT_MS);
  const complaints = new Response(child.stderr).text();
  let said = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    said += chunk;
    if (isService(text) && isUp(text, said)) end();
  }
  const { code } = await child.status;
  clearTimeout(limit);
  end();
  const complained = await complaints;
  const isWell = isService(text)
    ? isUp(text, said)
    : text.includes("deno task load")
    ? isLoadWell(said)
    : text.includes("curl -N")
    ? /^event: /m.test(said)
    : code === 0 && (said + complained !== "" || text.includes("curl -d "));
  return isWell ? undefined : `${text} → ${code}: ${(said + complained).slice(-600)}`;
}

Deno.test("every block with commands says that it is shell, and the tables name commands that are there", async () => {
  assertEquals(hiddenCommands(), []);
  const texts = new Set(documentedCommands().map(({ text }) => text));
  assertEquals([...Object.keys(ELSEWHERE), ...Object.keys(NOT_RUN)].filter((text) => !texts.has(text)), []);
  for (const [file, part] of Object.values(ELSEWHERE)) {
    assert((await Deno.readTextFile(new URL(file, root))).includes(part), `${file} has no ${part}`);
  }
});

Deno.test("a test that a document runs by name is there", async () => {
  const named = documentedCommands().map(({ text }) =>
    /^TICKCAST_LONG=1 deno test -A --filter '(.+)' (\S+)$/.exec(text)
  )
    .filter((match) => match !== null);
  assert(named.length > 0);
  for (const [, filter, file] of named) {
    assert((await Deno.readTextFile(new URL(file ?? "", root))).includes(filter ?? ""), `${file}: ${filter}`);
  }
});

Deno.test({
  name: `every other command runs as it stands and says what it should${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    const directory = await Deno.makeTempDir();
    await using store = await startRedis();
    await using service = await startProcess({ environment: { SIMULATOR_RATE: "20" } });
    const simulated = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", "main.ts", "simulate", "--port", "0"],
      cwd: root,
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const output = simulated.stdout.pipeThrough(new TextDecoderStream()).getReader();
    try {
      let said = "";
      while (!/:(\d+)/.test(said)) {
        const { value, done } = await output.read();
        assert(!done, `the simulator ended: ${said}`);
        said += value;
      }
      const fixture = new URL("fixtures/replay/open_minute.ndjson.gz", root);
      await Deno.copyFile(fixture, `${directory}/recording.ndjson.gz`);
      const simulator = Number(/(?:localhost|127\.0\.0\.1):(\d+)/.exec(said)?.[1]);
      const place = { base: service.base, simulator, redisUrl: store.url, directory };
      const missing = new Set<string>();
      for (const tool of Object.keys(TOOLS)) if (!await isInstalled(tool)) missing.add(tool);
      const toRun = documentedCommands().map(({ text }) => text).filter((text) =>
        !(text in ELSEWHERE) && !(text in NOT_RUN) && !/^(sleep |TICKCAST_LONG=1 deno test )/.test(text) &&
        ![...missing].some((tool) => new RegExp(`(^|\\| )${tool} `).test(text))
      );
      const distinct = [...new Set(toRun)];
      assert(distinct.length >= 15, `${distinct.length}`);
      const faults = await inLanes(distinct, (text) => fault(text, place));
      assertEquals(faults.filter((one) => one !== undefined), []);
      for (
        const broken of [
          "curl localhost:8000/no/such/path",
          "curl -N localhost:8000/health",
          "deno task load --nonsense",
        ]
      ) {
        assert(await fault(broken, place) !== undefined, `${broken} should have been found out`);
      }
    } finally {
      simulated.kill("SIGKILL");
      await output.cancel().catch(() => {});
      await simulated.status;
      await Deno.remove(directory, { recursive: true });
    }
  },
});
