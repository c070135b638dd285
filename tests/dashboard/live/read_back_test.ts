/// <reference lib="dom" />
/** A reading back that fails is tried again: a chart whose past was refused while the page loaded has it all the same. */
import { assertEquals } from "@std/assert";
import { PastReader, readUntilDone } from "../../../src/dashboard/live/read_back.ts";
import { settle } from "../../support/manual_clock.ts";
import { until } from "../../support/until.ts";
import {
  aScene,
  browserTest,
  minutePasses,
  openLive,
  served,
  shown,
  untilBars,
  untilText,
} from "../live_rig.ts";

const refused = (then: string, afterMs?: number) =>
  new Error("Cannot read minute back", { cause: { then, code: "X", message: "m", afterMs } });

/** What a reading does that meets these failures one by one, and how long it waited in between. */
async function waitsOver(failures: readonly Error[], stop = new AbortController()) {
  const waits: number[] = [];
  let reads = 0;
  await readUntilDone(
    () => {
      const failure = failures[reads++];
      return failure ? Promise.reject(failure) : Promise.resolve();
    },
    stop.signal,
    (ms) => {
      if (waits.push(ms) === 20) stop.abort();
      return Promise.resolve();
    },
  );
  return { waits, reads };
}

Deno.test({
  name:
    "a reading back that fails is tried again after a wait that doubles up to half a minute, until it succeeds",
  permissions: "none",
  async fn() {
    assertEquals(await waitsOver([]), { waits: [], reads: 1 });
    const away = new TypeError("Failed to fetch");
    assertEquals(await waitsOver([away, refused("retry"), away, away, away, away]), {
      waits: [2_000, 4_000, 8_000, 16_000, 30_000, 30_000],
      reads: 7,
    });
  },
});

Deno.test({
  name: "a server's own wait is kept to, and a refusal that no waiting changes ends the reading",
  permissions: "none",
  async fn() {
    assertEquals(await waitsOver([refused("retry", 90_000), refused("retry", 1)]), {
      waits: [90_000, 4_000],
      reads: 3,
    });
    for (const then of ["token", "fatal", "fallback"]) {
      assertEquals(await waitsOver([refused("retry"), refused(then)]), { waits: [2_000], reads: 2 });
    }
  },
});

Deno.test({
  name: "nobody who has gone on to another symbol is waited or read for",
  permissions: "none",
  async fn() {
    const away = Array.from({ length: 50 }, () => new TypeError("Failed to fetch"));
    assertEquals((await waitsOver(away)).reads, 20);
    const stop = new AbortController();
    stop.abort();
    assertEquals(await waitsOver(away, stop), { waits: [], reads: 0 });
  },
});

/** What is read and how long is waited for before, in order; the waits end when `pass` is called. */
function aReader() {
  const told: string[] = [];
  const ends: (() => void)[] = [];
  const past = new PastReader(
    ["minute"],
    (stream, symbol) => Promise.resolve(void told.push(`${stream} ${symbol}`)),
    (ms, signal) =>
      new Promise((resolve) => {
        told.push(`wait ${ms}`);
        ends.push(resolve);
        signal.addEventListener("abort", () => resolve());
      }),
  );
  const pass = async () => {
    for (const end of ends.splice(0)) end();
    await settle();
  };
  return { past, told, pass };
}

Deno.test({
  name: "a symbol's past is read when the symbol is followed, so that nothing falls between past and present",
  permissions: "none",
  async fn() {
    const { past, told, pass } = aReader();
    past.watch(["AAPL", "MSFT"]);
    past.choose("AAPL");
    assertEquals(told, ["wait 1000"]);
    past.followed("minute");
    await pass();
    assertEquals(told, ["wait 1000", "minute AAPL"]);
    past.followed("minute");
    past.choose("MSFT");
    await pass();
    assertEquals(told.slice(2), ["minute MSFT"]);
    past.watch(["AAPL"]);
    past.watch(["AAPL", "MSFT"]);
    past.choose("MSFT");
    assertEquals(told.slice(3), ["wait 1000"], "left meanwhile");
  },
});

Deno.test({
  name:
    "without a connection a symbol's past is read all the same, and once more when the symbol is followed",
  permissions: "none",
  async fn() {
    const { past, told, pass } = aReader();
    past.watch(["AAPL"]);
    past.choose("AAPL");
    await pass();
    assertEquals(told, ["wait 1000", "minute AAPL"]);
    past.followed("minute");
    await pass();
    assertEquals(told.slice(2), ["minute AAPL"]);
    past.again();
    await pass();
    assertEquals(told.slice(3), ["minute AAPL"], "with another token");
  },
});

browserTest(
  "bars between the reading back and a subscription that is late are not missing",
  async (browser) => {
    await using scene = await aScene(4);
    const { edge } = scene;
    edge.faults.mute = true;
    await using opened = await openLive(browser, edge, "?symbols=AAPL");
    const { page } = opened;
    await untilBars(page, "AAPL", 60);
    const start = Math.floor(Date.now() / 60_000) * 60_000;
    for (let n = 0; n < 3; n++) minutePasses(scene, start + n * 60_000);
    edge.faults.mute = false;
    edge.cut();
    await untilBars(page, "AAPL", 63);
    assertEquals(await shown(page, "AAPL"), served(edge, "AAPL"));
  },
);

browserTest(
  "bars that the server refused while the page loaded come when it serves again",
  async (browser) => {
    await using scene = await aScene(4);
    const { edge } = scene;
    edge.faults.pollStatus = 503;
    await using opened = await openLive(browser, edge, "?symbols=AAPL");
    const { page } = opened;
    const asked = (stream: string) => edge.requests.some((line) => line.startsWith(`GET /events/${stream}?`));
    await until(() => asked("minute") && asked("fmv"), "a reading of both");
    await untilText(page, "link-text", "Live");
    edge.faults.pollStatus = 0;
    await untilBars(page, "AAPL", 60);
    assertEquals(await shown(page, "AAPL"), served(edge, "AAPL"));
  },
);

browserTest("bars of a page that asked for a token come with the token", async (browser) => {
  await using scene = await aScene(4);
  const { edge } = scene;
  edge.tokens = new Set(["good-token"]);
  await using opened = await openLive(browser, edge, "?symbols=AAPL");
  const { page } = opened;
  await untilText(page, "link-text", "Disconnected");
  await page.locator("#token").fill("good-token");
  await page.keyboard.press("Enter");
  await untilBars(page, "AAPL", 60);
  assertEquals(await shown(page, "AAPL"), served(edge, "AAPL"));
});
