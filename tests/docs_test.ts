/** Documents are held to the tree: links lead somewhere, files and tasks that are named exist, settings are spelled right. */
import { assert, assertEquals } from "@std/assert";
import { ERROR_KINDS } from "../src/feed/error.ts";
import { SETTING_TABLE } from "../src/feed/settings/setting_table.ts";

const root = new URL("../", import.meta.url);
const pages = [
  "README.md",
  ...[...Deno.readDirSync(new URL("docs/", root))].map((entry) => `docs/${entry.name}`).filter((name) =>
    name.endsWith(".md")
  ),
].sort();
const textOf = (page: string) => Deno.readTextFileSync(new URL(page, root));

function exists(path: string, base: URL): boolean {
  try {
    Deno.statSync(new URL(path, base));
    return true;
  } catch {
    return false;
  }
}

for (const page of pages) {
  Deno.test(`${page} links only to what is there, and names only files and tasks that exist`, () => {
    const text = textOf(page);
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, target]) =>
      target ?? ""
    );
    assertEquals(links.filter((target) => !exists(target, new URL(page, root))), []);
    const files = [...text.matchAll(/`((?:src|tests|fixtures|bench|deploy)\/[A-Za-z0-9_./-]+)`/g)].map((
      [, path],
    ) => path ?? "");
    assertEquals(files.filter((path) => !exists(path, root)), []);
    const tasks = Object.keys(JSON.parse(textOf("deno.json")).tasks);
    const named = [...text.matchAll(/deno task ([a-z:]+)/g)].map(([, task]) => task ?? "");
    assertEquals(named.filter((task) => !tasks.includes(task)), []);
  });
}

Deno.test("the README links every document", () => {
  const readme = textOf("README.md");
  assertEquals(pages.filter((page) => page !== "README.md" && !readme.includes(`(${page})`)), []);
});

Deno.test("a setting that a document assigns exists", () => {
  const prefixes =
    /^(MASSIVE|WS|WEBSOCKET|TICK|MINUTE|FMV|HEATMAP|SIMULATOR|REDIS|UPSTASH|JWT|SYMBOL|CLIENT|RING|PULL|APPEND)_/;
  const assigned = pages.flatMap((page) =>
    [...textOf(page).matchAll(/\b([A-Z][A-Z0-9_]{3,})=/g)].map(([, name = ""]) => ({ page, name }))
  ).filter(({ name }) => prefixes.test(name));
  assert(assigned.length > 0);
  assertEquals(assigned.filter(({ name }) => !(name in SETTING_TABLE)), []);
});

Deno.test("docs/protocol.md lists every error code with its status, close code and whether to try again", () => {
  const page = textOf("docs/protocol.md").replace(/ +/g, " ");
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| [^|]+ \| (\d+) \| (\d+) \| (yes|no) \|$/gm)].map((
    [, code, status, close, again],
  ) => [code, { status: Number(status), close: Number(close), shouldRetry: again === "yes" }]);
  assertEquals(Object.fromEntries(rows), ERROR_KINDS);
});
