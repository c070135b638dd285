/** A newcomer's walk: the commands of docs/operations.md as they stand there, from nothing to two edges behind nginx. Only ports and places differ. */
import { assert } from "@std/assert";
import { realPart } from "../support/real_parts.ts";
import { freePort } from "../support/redis_server.ts";

const redis = realPart("redis-server");
const nginx = realPart("nginx");
const missing = { ignore: redis.ignore || nginx.ignore, note: redis.note || nginx.note };
const root = new URL("../../", import.meta.url);
const HEADING = "## Two edges and an ingest on one machine, without an account";
const WALK_LIMIT_MS = 180_000;

/** The first two blocks of commands under a heading: to an edge, and on to nginx. */
function commandsUnder(text: string, heading: string): readonly string[] {
  const after = text.slice(text.indexOf(heading));
  return [...after.matchAll(/```sh\n([\s\S]*?)```/g)].slice(0, 2).map(([, block]) => block ?? "");
}

/** The last command is endless: it is looked at until events came. */
const untilEvents = (block: string, mark: string): string => {
  const lines = block.trimEnd().split("\n");
  const last = lines.pop() ?? "";
  return [...lines, `${last} | grep --max-count 1 'event: tick' && echo ${mark}`].join("\n");
};

Deno.test({
  name:
    `the commands of docs/operations.md lead from a clone to events at an edge and through nginx${missing.note}`,
  ignore: missing.ignore,
  async fn() {
    const text = await Deno.readTextFile(new URL("docs/operations.md", root));
    const [edges = "", front = ""] = commandsUnder(text, HEADING);
    const directory = await Deno.makeTempDir();
    let script = `${untilEvents(edges, "AT AN EDGE")}\n${untilEvents(front, "THROUGH NGINX")}`
      .replace("redis-server ", `redis-server --dir ${directory} `)
      .replaceAll("/tmp/tickcast", `${directory}/tickcast`)
      .replace("curl -sN 'localhost:8080", "curl -sN --retry 9 --retry-connrefused 'localhost:8080")
      .replace(/deploy\/nginx\.conf/, `deploy/nginx.conf | sed 's/listen 80[8]0/listen 127.0.0.1:8080/'`);
    for (const port of ["6390", "8001", "8100", "8101", "8102", "8080"]) {
      assert(script.includes(port), port);
      script = script.replaceAll(port, String(freePort()));
    }
    // A session of its own, so that everything it starts can be ended with it.
    const child = new Deno.Command("setsid", {
      args: ["bash", "-c", script],
      cwd: root,
      env: {
        NO_COLOR: "1",
        PATH: `${Deno.execPath().replace(/\/[^/]*$/, "")}:/usr/sbin:${Deno.env.get("PATH")}`,
      },
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
        if (/AT AN EDGE[\s\S]*THROUGH NGINX/.test(seen)) return end();
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
