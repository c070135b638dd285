/** What is written about the client's API is what the code says. */
import { assert, assertEquals } from "@std/assert";
import { TRANSPORTS } from "../../src/client/link.ts";
import { numbersOf, type TickcastOptions } from "../../src/client/options.ts";
import { gzipSync } from "node:zlib";
import { apiReference, writtenReference } from "./api_reference.ts";

const written = await writtenReference();
const isWriter = written.includes(`(Deno ${Deno.version.deno})`);
const guide = await Deno.readTextFile(new URL("../../docs/client.md", import.meta.url));
const sourceOf = (name: string) => Deno.readTextFile(new URL(`../../src/client/${name}`, import.meta.url));

Deno.test({
  name: `docs/client_api.md is what the code's comments say${
    isWriter ? "" : " (written by another release of Deno, whose words may differ)"
  }`,
  ignore: !isWriter,
  async fn() {
    assertEquals(written, await apiReference(), "stale: deno run -A tests/client/api_reference.ts");
  },
});

Deno.test("every type and class of the API has words in the reference, and so has every method", () => {
  const lines = (written.split("```")[1] ?? "").split("\n");
  const bare = lines.filter((line, n) =>
    (/^(class|interface|type|const) /.test(line) || /^ {2}(async )?\*?[\w[\].]+\(.*\): /.test(line)) &&
    !lines.slice(n + 1, n + 3).some((next) => next.startsWith(line.startsWith("  ") ? "    " : "  "))
  );
  assertEquals(bare, []);
});

/** Rows of the table under a heading that starts with these columns, as cells. */
const tableAfter = (heading: string): string[][] =>
  (guide.split(`\n${heading}\n`)[1]?.split("\n## ")[0] ?? "").split("\n")
    .filter((line) => line.startsWith("| `")).map((line) =>
      line.split("|").slice(1, -1).map((cell) => cell.trim())
    );

const namesIn = (cell = ""): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);

Deno.test("the guide's table of options has every option, and the defaults are those of the code", async () => {
  const rows = tableAfter("## Connecting");
  const told = rows.flatMap(([names]) => namesIn(names)).sort();
  const source = await sourceOf("options.ts");
  const body = source.slice(source.indexOf("interface TickcastOptions"), source.indexOf("\n}\n"));
  const own = [...body.matchAll(/^ {2}readonly (\w+)\?/gm)].map(([, name = ""]) => name);
  // For tests, and told in the reference.
  const expected = [...own, "onEvents", "onSnapshot", "onGap"].filter((name) => name !== "platform").sort();
  assertEquals(told, expected);
  const options: TickcastOptions = {};
  for (const [name, value] of Object.entries(numbersOf(options))) {
    const [, usual = ""] = rows.find(([names]) => namesIn(names).includes(name)) ?? [];
    assertEquals([name, Number(usual.replaceAll(" ", "").split(",")[0])], [name, value]);
  }
  const [, transports] = rows.find(([names]) => namesIn(names).includes("transports")) ?? [];
  assertEquals(transports, `\`${JSON.stringify(TRANSPORTS).replaceAll(",", ", ")}\``);
});

Deno.test("the guide's table of errors has every code that the client gives of its own, and no other", async () => {
  const told = tableAfter("## Errors").flatMap(([names]) => namesIn(names)).sort();
  const codes = new Set<string>();
  for (const { name } of Deno.readDirSync(new URL("../../src/client/", import.meta.url))) {
    // What close codes are called is the protocol's; the client's own among them are its words for the rest.
    const text = await sourceOf(name);
    for (const [, code = ""] of text.matchAll(/(?:code: |#fail\(|#giveUp\(|warn\()"([A-Z_]+)"/g)) {
      codes.add(code);
    }
  }
  for (const code of ["REFUSED", "HTTP_…"]) codes.add(code);
  // Words of the protocol that the client says where the server could not.
  for (const code of ["DRAINING", "AUTH_EXPIRED"]) codes.delete(code);
  assertEquals(told, [...codes].sort());
});

Deno.test("the guide names every state, every cause of a gap and every state of a stream", async () => {
  const status = await sourceOf("status.ts");
  for (const [, state = ""] of status.matchAll(/readonly state: "(\w+)"/g)) {
    assert(guide.includes(`| \`${state}\``), state);
  }
  for (
    const word of [
      "evicted",
      "epoch",
      "slow",
      "overflow",
      "upstream",
      "local",
      "live",
      "quiet",
      "stale",
      "down",
    ]
  ) {
    assert(guide.includes(`\`${word}\``), word);
  }
});

Deno.test("the guide says how much is loaded", async () => {
  for (const part of ["client", "client_fallback", "client_share"]) {
    const script = await Deno.readFile(new URL(`../../src/dashboard/dist/${part}.js`, import.meta.url));
    const [, told = ""] = new RegExp(`\\| \`/${part}\\.js\` +\\| ([\\d.]+) kB`).exec(guide) ?? [];
    const kilobytes = gzipSync(script, { level: 9 }).length / 1000;
    assert(Math.abs(Number(told) - kilobytes) < 0.2, `${part}.js is ${kilobytes} kB and not ${told}`);
  }
});
