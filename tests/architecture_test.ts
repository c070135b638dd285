/** The house, held: who may import whom, which package lives in which room, and what no file may touch. */
import { assertEquals } from "@std/assert";

const ROOMS: Readonly<Record<string, readonly string[]>> = {
  feed: [],
  store: ["feed"],
  ingest: ["feed", "signals"],
  signals: ["feed"],
  edge: ["feed"],
  simulator: ["feed"],
  client: ["feed"],
  dashboard: ["client"],
  operations: ["feed", "store", "ingest", "client"],
};

/** Packages and the rooms that may know them; `node:` built-ins are free. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@logtape/logtape": ["feed"],
  "@upstash/redis": ["store"],
  "esbuild": ["dashboard"],
  "hono": ["edge", "simulator"],
  "jose": ["edge"],
  "lightweight-charts": ["dashboard"],
  "prom-client": ["edge"],
  "redis": ["store"],
  "ws": ["ingest", "simulator", "edge"],
  "zod": Object.keys(ROOMS).filter((room) => room !== "client" && room !== "dashboard"),
};

/** Folders of ingest, each with those it may import: which way a frame goes, and who is asked by whom. */
const INGEST_FOLDERS: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  channel: ["wire"],
  derive: ["channel"],
  record: ["wire"],
  upstream: ["wire"],
  plan: ["wire"],
  manage: ["wire", "channel", "upstream", "plan"],
  control: ["wire", "channel", "plan", "manage"],
};

/** Rooms that run in a browser or by hand, where the house rules about clock and console don't hold. */
const IN_BROWSER = ["client", "dashboard"];

const MAX_LINES = 300;
const root = new URL("../", import.meta.url);

interface SourceFile {
  readonly path: string;
  readonly room: string;
  readonly text: string;
}

async function sourceFiles(directory = "src"): Promise<SourceFile[]> {
  const found: SourceFile[] = [];
  for await (const entry of Deno.readDir(new URL(`${directory}/`, root))) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory && entry.name !== "dist") found.push(...await sourceFiles(path));
    else if (entry.name.endsWith(".ts")) {
      found.push({
        path,
        room: path.split("/")[1] ?? "",
        text: await Deno.readTextFile(new URL(path, root)),
      });
    }
  }
  return found.sort((a, b) => a.path < b.path ? -1 : 1);
}

const withoutComments = (text: string) =>
  text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "").replace(/\s\/\/ .*$/gm, "");

interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
}

const importsOf = (text: string): Import[] =>
  [
    ...withoutComments(text).matchAll(
      /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^"'`;]*?from\s*["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)|(?:^|\n)\s*import\s*["']([^"']+)["']/g,
    ),
  ]
    .map((match) => ({ typeOnly: match[1] !== undefined, target: match[2] ?? match[3] ?? match[4] ?? "" }));

function brokenImport(file: SourceFile, { target, typeOnly }: Import): string | undefined {
  if (target.startsWith("node:")) return undefined;
  if (target.startsWith(".")) {
    const room = new URL(target, new URL(file.path, "file:///")).pathname.split("/")[2] ?? "";
    if (room === file.room || (ROOMS[file.room] ?? []).includes(room)) {
      return file.room === "client" && room === "feed" && !typeOnly
        ? `${file.path} imports values of feed`
        : undefined;
    }
    return `${file.path} -> ${target}`;
  }
  const name = /^(@[^/]+\/)?[^/]+/.exec(target)?.[0] ?? target;
  return PACKAGES[name]?.includes(file.room) ? undefined : `${file.path} -> ${target}`;
}

const files = await sourceFiles();

/** Path → paths of the files it imports, types included. */
const imports: ReadonlyMap<string, readonly string[]> = new Map(
  files.map(({ path, text }) => [
    path,
    importsOf(text).map(({ target }) => target).filter((target) => target.startsWith(".")).map((target) =>
      new URL(target, new URL(path, "file:///")).pathname.slice(1)
    ),
  ]),
);

/** Circles of imports, each as the paths along it. */
function circles(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, way: readonly string[]) => {
    const at = way.indexOf(path);
    if (at >= 0) return void found.push([...way.slice(at), path].join(" -> "));
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

function offenders(pattern: RegExp, where: (file: SourceFile) => boolean): string[] {
  return files.filter(where).flatMap((file) =>
    withoutComments(file.text).split("\n").filter((line) => pattern.test(line)).map((line) =>
      `${file.path}: ${line.trim()}`
    )
  );
}

Deno.test("every file stands in a room of the plan", () => {
  assertEquals(files.filter((file) => !(file.room in ROOMS)).map((file) => file.path), []);
});

Deno.test("rooms import only what the plan says, and packages stay in their rooms", () => {
  assertEquals(
    files.flatMap((file) =>
      importsOf(file.text).map((one) => brokenImport(file, one)).filter((broken) => broken !== undefined)
    ),
    [],
  );
});

Deno.test("the rule names a planted fault", () => {
  const planted = {
    path: "src/edge/planted.ts",
    room: "edge",
    text:
      'import { a } from "../ingest/b.ts";\nimport { Redis } from "@upstash/redis";\nimport type { E } from "../feed/event.ts";',
  };
  assertEquals(
    importsOf(planted.text).map((one) => brokenImport(planted, one)).filter((broken) => broken !== undefined)
      .length,
    2,
  );
});

Deno.test("no import goes in a circle, types included", () => {
  assertEquals(circles(imports), []);
  assertEquals(circles(new Map([["a", ["b", "d"]], ["b", ["c"]], ["c", ["a"]], ["d", ["c"]]])), [
    "a -> b -> c -> a",
  ]);
});

Deno.test("folders of ingest import one way", () => {
  const folderOf = (path: string) => /^src\/ingest\/([^/]+)\//.exec(path)?.[1];
  const wrong = [...imports].flatMap(([path, targets]) => {
    const from = folderOf(path);
    if (from === undefined) return [];
    return targets.filter((target) => {
      const to = folderOf(target);
      if (!target.startsWith("src/ingest/") || to === from) return false;
      return to === undefined || !INGEST_FOLDERS[from]?.includes(to);
    }).map((target) => `${path} -> ${target}`);
  });
  assertEquals(wrong, []);
});

Deno.test("Date, timers and chance are touched in one file", () => {
  const pattern =
    /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bset(Timeout|Interval)\(|\bperformance\.now\(/;
  assertEquals(
    offenders(pattern, (file) => file.path !== "src/feed/clock.ts" && !IN_BROWSER.includes(file.room)),
    [],
  );
});

Deno.test("only main.ts reads the environment and ends the process", () => {
  assertEquals(
    offenders(/\bDeno\.(env|exit|args|addSignalListener)\b|\bprocess\.(env|exit)\b/, () => true),
    [],
  );
});

Deno.test("no file is over 300 lines, and none has a name that says nothing", () => {
  assertEquals(
    files.filter((file) => file.text.split("\n").length > MAX_LINES + 1).map((file) => file.path),
    [],
  );
  assertEquals(
    files.filter((file) =>
      /(^|\/)(utils?|types|common|index|helpers?|misc)\.ts$/.test(file.path) ||
      !/^[a-z0-9_]+\.ts$/.test(file.path.split("/").pop() ?? "")
    ).map((file) => file.path),
    [],
  );
});

Deno.test("nothing is typed any, silenced or left to console", () => {
  assertEquals(
    offenders(/:\s*any\b|\bas any\b|deno-lint-ignore|@ts-ignore|@ts-expect-error/, () => true),
    [],
  );
  assertEquals(offenders(/\bconsole\./, (file) => !IN_BROWSER.includes(file.room)), []);
});
