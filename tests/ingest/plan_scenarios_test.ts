/** The five configurations of `fixtures/plans/`, from the file to the sockets. */
import { assertEquals } from "@std/assert";
import { parseUniverses } from "../../src/ingest/plan/universes.ts";
import { scene, start, stop } from "../support/ingest_scene.ts";

const folder = new URL("../../fixtures/plans/", import.meta.url);

/** The settings of a `.env` file: `NAME=value` lines and comments. */
async function environmentOf(name: string): Promise<Record<string, string>> {
  const text = await Deno.readTextFile(new URL(`${name}.env`, folder));
  const lines = text.split("\n").filter((line) => line.includes("=") && !line.startsWith("#"));
  const pairs = lines.map((line): [string, string] => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1).trim()];
  });
  const environment = Object.fromEntries(pairs);
  return environment.UNIVERSES_FILE === undefined
    ? environment
    : { ...environment, UNIVERSES_FILE: new URL("universes.json", folder).pathname };
}

const universes = parseUniverses(
  await Deno.readTextFile(new URL("universes.json", folder)),
  "universes.json",
);
const topics = (key: string, count = 100) =>
  universes.get(key)?.slice(0, count).map((ticker) => `A.${ticker}`) ?? [];

const SCENARIOS: Record<string, readonly (readonly string[])[]> = {
  universe: [topics("tech_leaders", 10), topics("financials:top_10"), topics("etf_core")],
  direct_symbols: [
    ["A.AAPL", "A.NVDA", "AM.AAPL", "AM.NVDA"],
    ["A.IBM", "A.ORCL", "A.CSCO", "AM.IBM", "AM.ORCL", "AM.CSCO"],
  ],
  single: [["A.AAPL", "A.MSFT", "AM.SPY", "AM.QQQ"]],
  hybrid: [topics("etf_core"), ["A.AAPL", "A.MSFT", "A.SPY"]],
};

for (const [name, sockets] of Object.entries(SCENARIOS)) {
  Deno.test(`fixtures/plans/${name}.env: each socket carries what the file says`, async () => {
    const s = scene();
    const { ingest, lines } = await start(s, await environmentOf(name));
    await s.clock.advance(1_000);
    assertEquals(s.upstream.open.map((socket) => [...socket.held]), sockets);
    assertEquals(lines.filter((line) => line.event === "plan_fallback"), []);
    await stop(ingest, s.clock);
  });
}

Deno.test("fixtures/plans/load_balanced.env: one universe over three sockets, evenly", async () => {
  const s = scene();
  const { ingest } = await start(s, await environmentOf("load_balanced"));
  await s.clock.advance(1_000);
  assertEquals(s.upstream.open.map((socket) => socket.held.size), [7, 7, 6]);
  assertEquals(
    s.upstream.open.flatMap((socket) => [...socket.held]).sort(),
    topics("tech_leaders").toSorted(),
  );
  await stop(ingest, s.clock);
});
