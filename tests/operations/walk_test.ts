/** A newcomer's walk: the commands of docs/operations.md as they stand there, from nothing to two edges. Only ports differ. */
import { assert } from "@std/assert";
import { realPart } from "../support/real_parts.ts";
import { freePort } from "../support/redis_server.ts";

const redis = realPart("redis-server");
const root = new URL("../../", import.meta.url);
const HEADING = "## Two edges and an ingest on one machine, without an account";
const WALK_LIMIT_MS = 60_000;

/** The first block of commands under a heading. */
function commandsUnder(text: string, heading: string): string {
  const after = text.slice(text.indexOf(heading));
  return /```sh\n([\s\S]*?)```/.exec(after)?.[1] ?? "";
}

Deno.test({
  name: `the commands of docs/operations.md lead from a clone to events at an edge${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    const written = commandsUnder(await Deno.readTextFile(new URL("docs/operations.md", root)), HEADING);
    const directory = await Deno.makeTempDir();
    let script = written.replace("redis-server ", `redis-server --dir ${directory} `);
    for (const port of ["6390", "8001", "8100", "8101", "8102"]) {
      assert(script.includes(port), port);
      script = script.replaceAll(port, String(freePort()));
    }
    // A session of its own, so that everything it starts can be ended with it.
    const child = new Deno.Command("setsid", {
      args: ["bash", "-c", script],
      cwd: root,
      env: { NO_COLOR: "1", PATH: `${Deno.execPath().replace(/\/[^/]*$/, "")}:${Deno.env.get("PATH")}` },
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const limit = setTimeout(() => end(), WALK_LIMIT_MS);
    const end = () =>
      void new Deno.Command("kill", { args: ["-KILL", "--", `-${child.pid}`], stderr: "null" }).outputSync();
    let seen = "";
    try {
      for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
        seen += chunk;
        if (/event: tick\ndata: \[\{"id":"[0-9a-z]{8}-\d+","type":"[a-z]+","sym":"AAPL"/.test(seen)) {
          return end();
        }
      }
      throw new Error(`no event came: ${seen.slice(-1000)}`);
    } finally {
      clearTimeout(limit);
      end();
      await child.stdout.cancel().catch(() => {});
      await child.status;
      await Deno.remove(directory, { recursive: true });
    }
  },
});
