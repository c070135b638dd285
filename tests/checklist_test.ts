/** docs/checklist.md is whole: every row of the list is there, and each names a test that exists. */
import { assert, assertEquals } from "@std/assert";

const root = new URL("../", import.meta.url);

/** Rows of each part, by its letter: a row that goes missing is missed. */
const ROWS: Readonly<Record<string, number>> = {
  H: 25,
  A: 18,
  F: 20,
  C: 29,
  K: 18,
  S: 15,
  U: 25,
  R: 14,
  E: 8,
  O: 3,
};

interface Row {
  readonly id: string;
  readonly cells: readonly string[];
}

async function rows(): Promise<readonly Row[]> {
  const text = await Deno.readTextFile(new URL("docs/checklist.md", root));
  return text.split("\n").filter((line) => /^\| [A-Z]\d+ /.test(line)).map((line) => {
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
    return { id: cells[0] ?? "", cells };
  });
}

/** The text of every test file, by its name without directory and ending. */
async function testTexts(directory = new URL("tests/", root), found = new Map<string, string>()) {
  for await (const entry of Deno.readDir(directory)) {
    if (entry.isDirectory) await testTexts(new URL(`${entry.name}/`, directory), found);
    else if (entry.name.endsWith(".ts")) {
      const name = entry.name.replace(/(_test)?\.ts$/, "");
      const text = await Deno.readTextFile(new URL(entry.name, directory));
      found.set(name, `${found.get(name) ?? ""}\n${text}`);
    }
  }
  return found;
}

Deno.test("every row of the list is there once", async () => {
  const ids = (await rows()).map(({ id }) => id);
  const wanted = Object.entries(ROWS).flatMap(([part, count]) =>
    Array.from({ length: count }, (_, n) => `${part}${n + 1}`)
  );
  assertEquals(ids, wanted);
});

Deno.test("every row has an answer and names a test that is there", async () => {
  const texts = await testTexts();
  const lost: string[] = [];
  for (const { id, cells } of await rows()) {
    assert(cells.every((cell) => cell !== ""), `${id} leaves something open`);
    const [, file = "", name = ""] = /^(\w+): (.+)$/.exec(cells.at(-1)?.replaceAll("`", "") ?? "") ?? [];
    if (name === "" || !(texts.get(file) ?? "").includes(name)) lost.push(`${id} ${cells.at(-1)}`);
  }
  assertEquals(lost, []);
});
