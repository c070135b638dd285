import { assert, assertEquals } from "@std/assert";
import { systemClock } from "../../src/feed/clock.ts";
import { silentLog } from "../../src/feed/log.ts";
import { runSimulate } from "../../src/simulator/run_simulate.ts";
import { MassiveClient, within } from "../support/massive_client.ts";

/** Runs the program; `whenUp` gets its address, and when it is done the program is told to end. */
async function run(args: readonly string[], whenUp?: (url: string) => Promise<void>) {
  const stop = new AbortController();
  const lines: string[] = [];
  const { promise: up, resolve } = Promise.withResolvers<string>();
  const print = (line: string) => {
    lines.push(line);
    const url = /ws:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url) resolve(url);
  };
  const done = runSimulate(args, { clock: systemClock, log: silentLog, print, signal: stop.signal });
  if (whenUp) await whenUp(await within(up, () => `an address; it said ${lines}`));
  stop.abort();
  return { code: await within(done, () => "the program to end"), text: lines.join("\n") };
}

Deno.test("It prints its address and how to connect, serves, and ends with 0", async () => {
  const { code, text } = await run(["--port", "0", "--symbols", "3", "--rate", "500"], async (url) => {
    await using client = await MassiveClient.subscribed(`${url}/stocks`, "T.*");
    await client.until(() => client.of("T").length > 0, "a trade");
  });
  assertEquals(code, 0);
  for (const part of ["/business/crypto", "MASSIVE_REALTIME_URL=ws://127.0.0.1:", "/control"]) {
    assert(text.includes(part), text);
  }
});

Deno.test("It replays a file, with accounts from another", async () => {
  const fixture = (path: string) => new URL(`../../fixtures/${path}`, import.meta.url).pathname;
  const args = [
    "--port",
    "0",
    "--replay",
    fixture("replay/open_minute.ndjson.gz"),
    "--speed",
    "0",
    "--accounts",
    fixture("accounts/example.json"),
  ];
  const { code, text } = await run(args, async (url) => {
    await using client = await MassiveClient.open(`${url}/stocks`);
    client.auth("nobody's");
    await client.saw("auth_failed");
    await using good = await MassiveClient.subscribed(`${url}/stocks`, "A.SPY", "individual-key");
    await good.caughtUp();
  });
  assertEquals([code, text.includes("replays ")], [0, true]);
});

Deno.test("--help says what there is", async () => {
  const { code, text } = await run(["--help"]);
  assertEquals(code, 0);
  for (const option of ["port", "seed", "symbols", "rate", "replay", "speed", "accounts"]) {
    assert(text.includes(`--${option}`));
  }
});

Deno.test("Wrong arguments are told plainly, all at once, and end with 2", async () => {
  const wrong = await run(["--port", "99999", "--speed", "fast", "--seed", "1.5"]);
  assertEquals(wrong.code, 2);
  for (const part of ["--port", "99999", "--speed", "fast", "--seed", "1.5"]) {
    assert(wrong.text.includes(part), wrong.text);
  }
  for (
    const args of [["--nope"], ["extra"], ["--replay", "/nowhere.ndjson"], ["--accounts", "/nowhere.json"]]
  ) {
    const { code, text } = await run(args);
    assertEquals(code, 2);
    assert(!text.includes("    at "), text);
  }
});

Deno.test("A port that is taken is told plainly and ends with 2", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const { code, text } = await run(["--port", `${port}`]);
  assertEquals([code, text.includes(`127.0.0.1:${port}`)], [2, true]);
});
