/** What is given to others' machines, checked as far as it can be without them: by the formats' own schemas, and by our rules. */
import { assert, assertEquals } from "@std/assert";
import { parse } from "yaml";
import { z } from "zod";
import { SETTING_TABLE } from "../../src/feed/settings/setting_table.ts";
import { NOTSENT_LOWAT_BYTES } from "../../src/operations/doctor/check_kernel.ts";
import { schemaFaults } from "../support/json_schema.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, root));
const yaml = async (path: string): Promise<unknown> => parse(await read(path), { merge: true });

const Strings = z.array(z.string());
const Service = z.looseObject({
  image: z.string(),
  user: z.string().optional(),
  command: z.unknown().optional(),
  environment: z.union([z.record(z.string(), z.unknown()), Strings]).optional(),
  read_only: z.boolean().optional(),
  cap_drop: Strings.optional(),
  security_opt: Strings.optional(),
  restart: z.string().optional(),
  ports: Strings.optional(),
  networks: z.unknown().optional(),
  healthcheck: z.looseObject({ test: Strings, interval: z.string(), timeout: z.string() }).optional(),
});
const Compose = z.looseObject({ services: z.record(z.string(), Service) });
const Step = z.looseObject({ uses: z.string().optional(), run: z.string().optional() });
const Job = z.looseObject({ needs: Strings.optional(), if: z.string().optional(), steps: z.array(Step) });
const Workflow = z.looseObject({
  on: z.record(z.string(), z.unknown()),
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(z.string(), Job),
});

const WORKFLOW = ".github/workflows/deploy.yml";
const compose = Compose.parse(await yaml("deploy.yml"));
const workflow = Workflow.parse(await yaml(WORKFLOW));
const services = Object.entries(compose.services);

Deno.test("deploy.yml and the workflow are valid by the formats' own schemas, which see a planted fault", async () => {
  assertEquals(await schemaFaults("compose-spec.json", compose), []);
  assertEquals(await schemaFaults("github-workflow.json", workflow), []);
  assert((await schemaFaults("compose-spec.json", { services: { a: { imagee: "x" } } })).length > 0);
  assert((await schemaFaults("github-workflow.json", { on: "push", jobs: { a: { steps: 1 } } })).length > 0);
});

Deno.test("whoever holds clients' sockets has the kernel notice those that never read, as the doctor advises", () => {
  const Holder = z.looseObject({ sysctls: z.record(z.string(), z.number()) });
  for (const name of ["edge-1", "edge-2", "edge-new", "nginx"]) {
    const { sysctls } = Holder.parse(compose.services[name]);
    assertEquals(sysctls, { "net.ipv4.tcp_notsent_lowat": NOTSENT_LOWAT_BYTES }, name);
  }
});

Deno.test("nothing is deployed that has not passed the gate, and only from main", async () => {
  const { gate, deploy, "deploy-runtime": runtime } = workflow.jobs;
  assert(gate && deploy && runtime);
  assertEquals(deploy.needs, ["gate", "deploy-runtime"]);
  assert(deploy.if?.includes("refs/heads/main") && deploy.if.includes("pull_request"));
  assert(!("pull_request_target" in workflow.on));
  assertEquals(workflow.permissions, { contents: "read" });
  assert(gate.steps.some(({ run }) => run === "./.ci/run"));
  const script = await read(".ci/run");
  assert(script.includes("deno task check") && script.includes("deno task test"));
  const place = (text: string) => deploy.steps.findIndex(({ run }) => run?.includes(text));
  assert(place("deno deploy") >= 0 && place("deno deploy") < place("/health/ready"), "the smoke comes after");
});

Deno.test("no secret stands in a file, actions are pinned, and the token is only where it is needed", async () => {
  const text = await read(WORKFLOW);
  for (const { steps } of Object.values(workflow.jobs)) {
    for (const { uses } of steps) assert(uses === undefined || /@v\d/.test(uses), uses);
  }
  assertEquals([...text.matchAll(/secrets\.(\w+)/g)].map(([, name]) => name), ["DENO_DEPLOY_TOKEN"]);
  for (const path of ["deploy.yml", "deploy/Dockerfile", "deploy/nginx.conf", "deploy/prometheus.yml"]) {
    assert(!/(password|token|secret|api_key)\s*[:=]\s*[A-Za-z0-9]{8,}/i.test(await read(path)), path);
  }
  for (const [name, { environment = [] }] of services) {
    const pairs = Array.isArray(environment)
      ? environment.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)])
      : Object.entries(environment);
    for (const [key, value] of pairs) {
      const isSecret = /(PASSWORD|TOKEN|KEY|SECRET)$/.test(String(key));
      assert(!isSecret || /^\$\{[A-Z_]+:[?-]/.test(String(value)), `${name} ${key}`);
    }
  }
});

Deno.test("deno.json deploys main.ts, says nothing that Deno Deploy doesn't know, and tasks named anywhere exist", async () => {
  const { deploy, tasks } = JSON.parse(await read("deno.json"));
  assertEquals(deploy, { runtime: { entrypoint: "main.ts" } });
  const texts = [await read(WORKFLOW), await read("deploy.yml"), await read("README.md")];
  for await (const { name } of Deno.readDir(new URL("docs/", root))) texts.push(await read(`docs/${name}`));
  for (const text of texts) {
    for (const [, task] of text.matchAll(/deno task (?:-q )?([a-z][a-z:]*)/g)) {
      assert(task && task in tasks, task);
    }
  }
  for (const [, { command }] of services) {
    const [first, task] = Strings.safeParse(command).data ?? [];
    if (first === "task") assert(task && task in tasks, task);
  }
});

Deno.test("compose and documents name only settings that exist", async () => {
  const others = /^(TICKCAST|DENO|EDGE_URL|SIGNAL_|GITHUB|CLK_TCK)/;
  for (const [name, { environment = {} }] of services) {
    for (const key of Array.isArray(environment) ? [] : Object.keys(environment)) {
      assert(key in SETTING_TABLE, `${name}: ${key}`);
    }
  }
  for (const path of ["docs/operations.md", "docs/load.md", "docs/troubleshooting.md"]) {
    for (const [, name] of (await read(path)).matchAll(/\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)=/g)) {
      assert(name && (name in SETTING_TABLE || others.test(name)), `${path}: ${name}`);
    }
  }
});

Deno.test("every service of the compose file runs with least privilege and says when it is well", () => {
  assertEquals(services.map(([name]) => name), [
    ...["redis", "ingest-leader", "ingest-standby", "edge-1", "edge-2", "edge-new", "nginx"],
  ]);
  for (const [name, service] of services) {
    assertEquals([service.read_only, service.cap_drop, service.security_opt, service.restart], [
      true,
      ["ALL"],
      ["no-new-privileges:true"],
      "unless-stopped",
    ], name);
    assert(service.healthcheck !== undefined, `${name} doesn't say when it is well`);
    assert(/:\S+$/.test(service.image) && !/(redis|nginx):latest/.test(service.image), name);
    const isOurs = service.image.startsWith("tickcast:");
    assert(isOurs || (service.user !== undefined && service.user !== "root"), `${name} runs as root`);
  }
  assertEquals(services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name), ["nginx"]);
});

Deno.test("nginx finds its edges after they were made anew, and they believe nobody but nginx", async () => {
  const address = (name: string) =>
    /"ipv4_address":"([\d.]+)"/.exec(JSON.stringify(compose.services[name]))?.[1];
  const addresses = ["nginx", "edge-1", "edge-2", "edge-new"].map(address);
  assertEquals(new Set(addresses).size, 4);
  assert(addresses.every((one) => one !== undefined));
  for (const name of ["edge-1", "edge-2", "edge-new"]) {
    assert(JSON.stringify(compose.services[name]).includes(`:-${address("nginx")}}`), name);
  }
  const conf = await read("deploy/nginx.conf");
  assert(conf.includes("server edge-1:8000") && conf.includes("server edge-2:8000"));
});

Deno.test("the image is built from a pinned release, runs as its own user and can't change what it runs", async () => {
  const lines = (await read("deploy/Dockerfile")).split("\n").map((line) => line.trim());
  const instruction = (name: string) => lines.filter((line) => line.startsWith(`${name} `));
  const pinned = /deno@(\d+\.\d+\.\d+)/.exec(await read(".ci/run"))?.[1];
  assertEquals(instruction("FROM"), [`FROM denoland/deno:${pinned}`]);
  assertEquals(instruction("USER"), ["USER deno"]);
  assert(lines.indexOf("USER deno") > lines.findLastIndex((line) => /^(COPY|RUN) /.test(line)));
  assert(
    !instruction("ADD").length && !lines.some((line) => /chown|sudo|apt|curl|:latest|^ENV .*=/.test(line)),
  );
  assert(instruction("RUN").some((line) => line.includes("--frozen")), "what is locked is what runs");
  assert(instruction("CMD").every((line) => line.startsWith("CMD [")), "signals reach the program");
  const ignored = (await read("deploy/Dockerfile.dockerignore")).split("\n");
  const copied = instruction("COPY").flatMap((line) => line.split(" ").slice(1, -1));
  assertEquals(ignored.filter((line) => line.startsWith("!")).map((line) => line.slice(1)), copied);
});
