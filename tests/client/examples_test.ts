/** The examples of the README and of docs/client.md, as they are written there, against the real program. */
/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { chromiumPart, type OpenPage, TestBrowser } from "../support/browser.ts";
import { startRunning } from "../support/running.ts";

const textOf = (path: string) => Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
const codeOf = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(([, code = ""]) => code);

const PROGRAM = { SIMULATOR_SYMBOLS: "5", SIMULATOR_SEED: "3", LOG_LEVEL: "error" };

/** Waits until the page shows a price, and that it has nothing to complain about. */
async function showsPrice({ page, complaints }: OpenPage): Promise<void> {
  await page.waitForFunction(() => Number(document.getElementById("price")?.textContent) > 0);
  assertEquals(complaints, []);
}

/** Where each page stands, and the words in it that name the server. */
const PAGES:
  readonly (readonly [path: string, names: readonly (readonly [string, (base: string) => string])[]])[] = [
    ["README.md", [["http://localhost:8000", (base) => base]]],
    ["docs/client.md", [["/client.js", (base) => `${base}/client.js`], [
      "location.origin",
      (base) => `"${base}"`,
    ]]],
  ];

for (const [path, names] of PAGES) {
  Deno.test({
    name: `the page in ${path} works from a static server of its own${chromiumPart.note}`,
    ignore: chromiumPart.ignore,
    async fn() {
      let [body = ""] = codeOf(await textOf(path), "html");
      const serve = () => new Response(body, { headers: { "content-type": "text/html; charset=utf-8" } });
      await using pages = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, serve);
      const origin = `http://127.0.0.1:${pages.addr.port}`;
      await using running = await startRunning({ ...PROGRAM, ALLOWED_ORIGINS: origin });
      for (const [name, here] of names) {
        assert(body.includes(name), name);
        body = body.replaceAll(name, here(running.base));
      }
      await using browser = await TestBrowser.launch();
      await using opened = await browser.open();
      await opened.page.goto(origin);
      await showsPrice(opened);
    },
  });
}

Deno.test("the program in the README runs as it stands and prints events", async () => {
  const [example = ""] = codeOf(await textOf("README.md"), "js");
  await using running = await startRunning(PROGRAM);
  const code = `${example.replace("ws://localhost:8000", running.base.replace("http", "ws"))}
    console.log = (message) => message.type === "events" && postMessage(message);`;
  const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })), {
    type: "module",
  });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<{ events: { sym: string }[] }>();
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    assertEquals((await promise).events[0]?.sym, "AAPL");
  } finally {
    worker.terminate();
  }
});

Deno.test("the client's source maps lead from what is served to the sources as they are, and to nothing of this machine", async () => {
  await using running = await startRunning(PROGRAM);
  for (const part of ["client", "client_fallback", "client_share"]) {
    const script = await (await fetch(`${running.base}/${part}.js`)).text();
    assert(script.trimEnd().endsWith(`//# sourceMappingURL=${part}.js.map`), part);
    const response = await fetch(`${running.base}/${part}.js.map`);
    assertEquals(response.headers.get("content-type"), "application/json");
    const map: { version: number; sources: string[]; sourcesContent: string[]; mappings: string } =
      await response.json();
    assertEquals(map.version, 3);
    assert(map.mappings.length > 1000 && map.sources.length >= 3);
    for (const [n, source] of map.sources.entries()) {
      assert(source.startsWith("../../client/"), source);
      assertEquals(
        map.sourcesContent[n],
        await textOf(`src/client/${source.slice("../../client/".length)}`),
        source,
      );
    }
  }
});
