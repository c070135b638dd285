/** Least rights: what runs the product is started with the flags it needs and never with all of them. */
import { assert, assertEquals } from "@std/assert";

const read = (path: string) => Deno.readTextFile(new URL(`../${path}`, import.meta.url));
const EVERYTHING = /(^|\s)(-A|--allow-all)(\s|$|")/;

interface Task {
  readonly command: string;
}

const tasks = async (): Promise<[string, Task][]> =>
  Object.entries(JSON.parse(await read("deno.json")).tasks);

Deno.test("no task that runs the product is given every right, and none may ask for more", async () => {
  const running = (await tasks()).filter(([, { command }]) =>
    /\bmain\.ts\b/.test(command) && /deno run/.test(command)
  );
  assert(running.length >= 8, "there are such tasks");
  for (const [name, { command }] of running) {
    assertEquals(EVERYTHING.test(command), false, name);
    assertEquals(/--allow-(run|ffi)(\s|$)/.test(command), false, `${name} may start or load anything`);
    if (name !== "docs") assert(command.includes("--no-prompt"), `${name} may ask for more`);
  }
});

Deno.test("each role has its own: an edge writes no file, none may start a program", async () => {
  const commands = new Map((await tasks()).map(([name, { command }]) => [name, command]));
  for (const role of ["start", "ingest", "edge", "simulate"]) {
    assertEquals(/--allow-(run|ffi|sys)/.test(commands.get(role) ?? "--allow-run"), false, role);
  }
  for (const role of ["edge", "simulate"]) {
    assertEquals(commands.get(role)?.includes("--allow-write") ?? true, false, role);
  }
});

Deno.test("what is deployed starts by those tasks and gives no right of its own", async () => {
  for (const path of ["deploy.yml", "deploy/Dockerfile"]) {
    const text = await read(path);
    assertEquals(EVERYTHING.test(text), false, path);
    assertEquals(/--allow-(?!read|net|env)/.test(text), false, path);
  }
});
