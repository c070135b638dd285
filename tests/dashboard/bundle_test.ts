import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { loadPages, PAGE_POLICY } from "../../src/dashboard/pages.ts";
import { FakeEdge } from "../client/fake_edge.ts";
import { until } from "../client/next.ts";

/** What a page may weigh on the wire: the client alone, and a page with everything. */
const CLIENT_MAX_BYTES = 8_000;
const LIVE_MAX_BYTES = 90_000;

const dist = (name: string) => Deno.readFile(new URL(`../../src/dashboard/dist/${name}`, import.meta.url));
const zipped = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length;

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Name and digest of every file the task builds; in a process of its own, for the bundler's own ends when it likes. */
async function builtPages(): Promise<ReadonlyMap<string, string>> {
  const code = `
    import { buildPages } from "./src/dashboard/bundle.ts";
    import { createHash } from "node:crypto";
    const digestOf = (bytes) => createHash("sha256").update(bytes).digest("hex");
    console.log(JSON.stringify([...await buildPages()].map(([name, bytes]) => [name, digestOf(bytes)])));
  `;
  const { code: status, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--no-check", "--lock=tests/deno.lock", code],
    cwd: new URL("../..", import.meta.url),
  }).output();
  assertEquals(status, 0, new TextDecoder().decode(stderr));
  return new Map(JSON.parse(new TextDecoder().decode(stdout)));
}

Deno.test("what is committed in dist is what the bundle task builds", async () => {
  const built = await builtPages();
  const committed = [...Deno.readDirSync(new URL("../../src/dashboard/dist/", import.meta.url))].map((
    { name },
  ) => name);
  assertEquals(committed.sort(), [...built.keys()].sort());
  for (const [name, digest] of built) {
    assertEquals(digestOf(await dist(name)), digest, `dist/${name} is stale: run deno task bundle`);
  }
});

Deno.test("the client stays under 8 kB gzipped, the live page with its chart library under 90", async () => {
  const client = zipped(await dist("client.js"));
  const live = zipped(await dist("live.js"));
  assert(client < CLIENT_MAX_BYTES, `client.js is ${client} bytes`);
  assert(live < LIVE_MAX_BYTES, `live.js is ${live} bytes`);
});

Deno.test("pages hold no inline script, style or handler, and load only what is served beside them", async () => {
  const pages = await loadPages();
  const texts = [...pages].filter(([, { contentType }]) => contentType.startsWith("text/html"));
  assertEquals(texts.map(([path]) => path), ["/", "/status"]);
  for (const [path, { body }] of texts) {
    const html = new TextDecoder().decode(body);
    assertEquals(html.match(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|javascript:/gi), null, path);
    for (const [, url = ""] of html.matchAll(/(?:src|href)="(assets\/[^"]+)"/g)) {
      assert(pages.has(`/${url}`), url);
    }
  }
  assert(!PAGE_POLICY.includes("unsafe"));
});

Deno.test("the client as it is served works on every transport, loading the lesser ones when they are needed", async () => {
  const served: typeof import("../../src/client/tickcast.ts") = await import(
    new URL("../../src/dashboard/dist/client.js", import.meta.url).href
  );
  for (const transport of ["websocket", "sse", "poll"] as const) {
    await using edge = new FakeEdge();
    const prices: number[] = [];
    using client = new served.Tickcast(edge.url, {
      transports: [transport],
      platform: { random: () => 0.01 },
    });
    client.subscribe({ streams: ["tick"], symbols: ["AAPL"] }, {
      onEvents: ({ events }) => events.forEach((event) => event.type === "trade" && prices.push(event.price)),
    });
    await client.connect();
    await until("a cursor", () => client.cursor);
    for (let price = 1; price <= 3; price++) edge.append("tick", { type: "trade", sym: "AAPL", price });
    await until("three", () => prices.length === 3);
    edge.cut();
    edge.append("tick", { type: "trade", sym: "AAPL", price: 4 });
    await until("four", () => prices.length === 4);
    assertEquals(prices, [1, 2, 3, 4]);
    const pages: number[] = [];
    for await (const { events } of client.history({ stream: "tick" })) pages.push(events.length);
    assertEquals(pages, [4]);
  }
});
