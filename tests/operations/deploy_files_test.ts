/** What is given to others' machines, checked as far as it can be without them. */
import { assert, assertEquals } from "@std/assert";
import { SETTING_TABLE } from "../../src/feed/settings/setting_table.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, root));

/** The blocks under the keys of one indentation: enough of YAML for files of our own, which use no tabs and no anchors here. */
function blocks(text: string, indent: number): Map<string, string> {
  const found = new Map<string, string>();
  let name = "";
  for (const line of text.split("\n")) {
    const key = new RegExp(`^ {${indent}}([A-Za-z][\\w-]*):(.*)$`).exec(line);
    if (key) {
      name = key[1] ?? "";
      assert(!found.has(name), `${name} stands twice`);
      found.set(name, (key[2] ?? "").trim());
    } else if (name !== "") found.set(name, `${found.get(name) ?? ""}\n${line}`);
  }
  return found;
}

const workflow = await read(".github/workflows/deploy.yml");
const jobs = blocks(blocks(workflow, 0).get("jobs") ?? "", 2);

Deno.test("the workflow has the shape GitHub asks for: every job a machine, a limit and steps that do one thing each", () => {
  assertEquals([...blocks(workflow, 0).keys()], ["name", "on", "permissions", "concurrency", "jobs"]);
  assertEquals([...jobs.keys()], ["gate", "deploy-runtime", "deploy"]);
  assert(!workflow.includes("\t"));
  for (const [name, job] of jobs) {
    const parts = blocks(job, 4);
    for (const key of ["runs-on", "timeout-minutes", "steps"]) {
      assert(parts.has(key), `${name} has no ${key}`);
    }
    const steps = (parts.get("steps") ?? "").split(/\n {6}- /).slice(1);
    assert(steps.length > 1);
    for (const step of steps) {
      const does = [...step.matchAll(/^ {0,8}(uses|run):/gm)];
      assertEquals(does.length, 1, `${name}: ${step}`);
    }
  }
});

Deno.test("nothing is deployed that has not passed the gate, and only from main", async () => {
  const deploy = blocks(jobs.get("deploy") ?? "", 4);
  assertEquals(deploy.get("needs"), "[gate, deploy-runtime]");
  assert(deploy.get("if")?.includes("refs/heads/main") && deploy.get("if")?.includes("pull_request"));
  assert(!workflow.includes("pull_request_target"));
  assert(jobs.get("gate")?.includes("run: ./.ci/run"));
  const gate = await read(".ci/run");
  assert(gate.includes("deno task check") && gate.includes("deno task test"));
  const steps = deploy.get("steps") ?? "";
  assert(steps.indexOf("deno deploy") < steps.indexOf("/health/ready"), "the smoke comes after the deploy");
});

Deno.test("no secret stands in a file, actions are pinned, and the token is only where it is needed", async () => {
  for (const [, action] of workflow.matchAll(/uses: (\S+)/g)) assert(/@v\d/.test(action ?? ""), action);
  assertEquals([...workflow.matchAll(/secrets\.(\w+)/g)].map(([, name]) => name), ["DENO_DEPLOY_TOKEN"]);
  for (const path of ["deploy.yml", "deploy/Dockerfile", "deploy/nginx.conf", "deploy/prometheus.yml"]) {
    const text = await read(path);
    assert(!/(password|token|secret|api_key)\s*[:=]\s*[A-Za-z0-9]{8,}/i.test(text), path);
  }
});

Deno.test("deno.json deploys main.ts, says nothing that Deno Deploy doesn't know, and tasks named anywhere exist", async () => {
  const { deploy, tasks } = JSON.parse(await read("deno.json"));
  assertEquals(deploy, { runtime: { entrypoint: "main.ts" } });
  const texts = [workflow, await read("deploy.yml"), await read("README.md")];
  for await (const { name } of Deno.readDir(new URL("docs/", root))) texts.push(await read(`docs/${name}`));
  for (const text of texts) {
    for (const [, task] of text.matchAll(/deno task (?:-q )?([a-z][a-z:]*)/g)) {
      assert(task && task in tasks, task);
    }
  }
});

Deno.test("compose and documents name only settings that exist", async () => {
  const others = /^(TICKCAST|DENO|EDGE_URL|SIGNAL_|GITHUB|CLK_TCK)/;
  const compose = await read("deploy.yml");
  for (const [, name] of compose.matchAll(/^\s+([A-Z][A-Z0-9_]+):/gm)) {
    assert(name && name in SETTING_TABLE, name);
  }
  for (const path of ["docs/operations.md", "docs/load.md", "docs/troubleshooting.md"]) {
    for (const [, name] of (await read(path)).matchAll(/\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)=/g)) {
      assert(name && (name in SETTING_TABLE || others.test(name)), `${path}: ${name}`);
    }
  }
});

Deno.test("every service of the compose file runs with least privilege and says when it is well", async () => {
  const compose = await read("deploy.yml");
  const services = blocks(blocks(compose, 0).get("services") ?? "", 2);
  assertEquals([...services.keys()], [
    "redis",
    "ingest-leader",
    "ingest-standby",
    "edge-1",
    "edge-2",
    "nginx",
  ]);
  const shared = blocks(compose, 0).get("x-tickcast") ?? "";
  for (
    const line of [
      "read_only: true",
      "cap_drop: [ALL]",
      "no-new-privileges",
      "healthcheck:",
      "stop_grace_period",
    ]
  ) {
    assert(shared.includes(line), line);
  }
  assert(services.get("redis")?.includes("noeviction"));
  assertEquals([...compose.matchAll(/^\s+ports:/gm)].length, 1, "only nginx is open to the outside");
});
