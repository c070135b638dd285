import { assert, assertEquals, assertRejects } from "@std/assert";
import { silentLog } from "../../src/feed/log.ts";
import { startSimulator } from "../../src/simulator/start_simulator.ts";
import type { SimulatorOptions } from "../../src/simulator/simulator_options.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { eventually, MassiveClient } from "../support/massive_client.ts";

/** A simulator whose market stands still until the clock is moved. */
async function simulator(options: SimulatorOptions = {}) {
  const clock = new ManualClock();
  return { clock, simulator: await startSimulator(options, { clock, log: silentLog }) };
}

Deno.test("A client that pipelines everything is answered in order, in Massive's words", async () => {
  await using running = (await simulator()).simulator;
  const client = new MassiveClient(`${running.url}/stocks`);
  await using _client = client;
  await client.opened();
  client.auth("any key");
  client.subscribe("AM.AAPL,T.MSFT");
  client.unsubscribe("T.MSFT");
  await client.until(() => client.statuses.some((status) => status.includes("unsubscribed")));
  assertEquals(client.frames, [
    '[{"ev":"status","status":"connected","message":"Connected Successfully"}]',
    '[{"ev":"status","status":"auth_success","message":"authenticated"}]',
    '[{"ev":"status","status":"success","message":"subscribed to: AM.AAPL"},' +
    '{"ev":"status","status":"success","message":"subscribed to: T.MSFT"}]',
    '[{"ev":"status","status":"success","message":"unsubscribed to: T.MSFT"}]',
  ]);
});

Deno.test("A path Massive doesn't know is refused with 404 at the upgrade", async () => {
  await using running = (await simulator()).simulator;
  for (const path of ["/", "/bonds", "/stocks/cme", "/business", "/stocks/more/parts"]) {
    await using client = new MassiveClient(`${running.url}${path}`);
    await assertRejects(() => client.opened(), Error, "404");
  }
  await using futures = await MassiveClient.open(`${running.url}/futures/cme`);
  assertEquals(futures.statuses, ["connected: Connected Successfully"]);
  assertEquals(running.state().refusedUpgrades, 5);
});

Deno.test("Who doesn't authenticate in time is told so and cut without a close frame", async () => {
  const { clock, simulator: running } = await simulator();
  await using _running = running;
  await using client = await MassiveClient.open(`${running.url}/stocks`);
  await clock.advance(9_999);
  await client.caughtUp();
  assertEquals(client.statuses.length, 1);
  await clock.advance(1);
  await client.saw("auth_timeout");
  assertEquals((await client.ending()).code, 1006);
  assertEquals(client.statuses[1], "auth_timeout: No authentication request received.");
});

Deno.test("A bad key is told so and cut without a close frame", async () => {
  const accounts = { accounts: [{ name: "a", keys: ["good"], markets: { stocks: { realtime: ["T"] } } }] };
  await using running = (await simulator({ accounts })).simulator;
  await using client = await MassiveClient.open(`${running.url}/stocks`);
  client.auth("bad");
  assertEquals((await client.ending()).code, 1006);
  assertEquals(client.statuses[1], "auth_failed: authentication failed");
});

Deno.test("Data goes to whoever holds its pair, and nobody gets what was before", async () => {
  const { clock, simulator: running } = await simulator({ seed: 5, symbols: 3, rate: 200, openBurst: false });
  await using _running = running;
  await clock.advance(1000);
  await using everything = await MassiveClient.subscribed(`${running.url}/stocks`, "T.*");
  await using spy = await MassiveClient.subscribed(`${running.url}/stocks`, "T.SPY");
  await using crypto = await MassiveClient.subscribed(`${running.url}/crypto`, "XT.BTC-USD");
  await clock.advance(2000);
  await Promise.all([everything, spy, crypto].map((client) => client.caughtUp()));
  assert(everything.of("T").length > 100);
  const start = clock.now() - 2000;
  assert(everything.of("T").every((trade) => Number(trade.t) > start - 50));
  assertEquals(spy.of("T"), everything.of("T").filter((trade) => trade.sym === "SPY"));
  assert(crypto.of("XT").length > 0);
  assert(crypto.of("XT").every((trade) => trade.pair === "BTC-USD"));
});

Deno.test("Unsubscribing stops the data at once", async () => {
  const { clock, simulator: running } = await simulator({ symbols: 1, rate: 100 });
  await using _running = running;
  await using client = await MassiveClient.subscribed(`${running.url}/stocks`, "T.SPY");
  await clock.advance(500);
  await client.until(() => client.of("T").length > 0, "a trade");
  client.unsubscribe("T.SPY");
  await client.until(() => client.statuses.some((status) => status.includes("unsubscribed")));
  const before = client.of("T").length;
  await clock.advance(1000);
  await client.caughtUp();
  assertEquals(client.of("T").length, before);
});

Deno.test("Fair values ride on the business host under their subscription's spelling and come with 19-digit times", async () => {
  const { clock, simulator: running } = await simulator({ symbols: 2, rate: 100 });
  await using _running = running;
  await using client = await MassiveClient.subscribed(`${running.url}/business/crypto`, "FMV.BTC-USD");
  await clock.advance(3000);
  await client.caughtUp();
  const texts = client.frames.flatMap((frame) => frame.match(/\{[^{}]*"FMV"[^{}]*\}/g) ?? []);
  assert(texts.length > 0);
  for (const text of texts) {
    assert(/"t":\d{19}[,}]/.test(text), text);
    assert(text.includes('"sym":"X:BTC-USD"'), text);
  }
  await using realtime = await MassiveClient.subscribed(`${running.url}/crypto`, "");
  realtime.subscribe("FMV.BTC-USD");
  await realtime.saw("error");
  assertEquals(realtime.statuses.at(-1), "error: not authorized");
});

Deno.test("In calendar mode a closed market acknowledges and stays silent while crypto trades", async () => {
  const clock = new ManualClock(Date.UTC(2026, 2, 1, 15));
  await using running = await startSimulator({ alwaysOpen: false, rate: 200 }, { clock, log: silentLog });
  await using stocks = await MassiveClient.subscribed(`${running.url}/stocks`, "T.*,A.*,AM.*");
  await using crypto = await MassiveClient.subscribed(`${running.url}/crypto`, "XT.*");
  await clock.advance(3000);
  await Promise.all([stocks.caughtUp(), crypto.caughtUp()]);
  assertEquals(stocks.elements.filter((element) => element.ev !== "status"), []);
  assert(crypto.of("XT").length > 0);
});

Deno.test("A client that stops reading is cut without a close frame once its buffer is full, after ever larger frames", async () => {
  const { clock, simulator: running } = await simulator({
    rate: 0,
    behaviour: { bufferLimitBytes: 6_000_000, frameMaxBytes: 400_000 },
  });
  await using _running = running;
  await using client = await MassiveClient.subscribed(`${running.url}/stocks`, "T.*");
  client.pause();
  for (let n = 0; n < 60 && running.state().connections.length > 0; n++) {
    running.control({ fault: "open_burst", events_per_second: 100_000, duration_ms: 50 });
    await clock.advance(50);
    const sent = performance.now();
    await eventually(() => performance.now() > sent, "a turn of the sockets");
  }
  assertEquals(running.state().connections, []);
  client.resume();
  assertEquals((await client.ending()).code, 1006);
  const sizes = client.frames.map((frame) => frame.length);
  assert(Math.max(...sizes) <= 400_000 + 2);
});

Deno.test("Pings are answered, behind the data that waits", async () => {
  const { clock, simulator: running } = await simulator({ rate: 100 });
  await using _running = running;
  await using client = await MassiveClient.subscribed(`${running.url}/stocks`, "T.*");
  running.control({ fault: "slow_link", bytes_per_second: 1000 });
  await clock.advance(1000);
  await client.until(() => client.of("T").length > 0, "the first trades");
  await clock.advance(200);
  client.ping("late");
  client.subscribe("A.SPY");
  await eventually(
    () => running.state().connections[0]?.subscriptions.includes("A.SPY") ?? false,
    "the subscription",
  );
  assertEquals(client.pongs, []);
  running.control({ fault: "slow_link", bytes_per_second: null });
  await client.until(() => client.pongs.includes("late"), "the pong");
});

Deno.test("A message larger than a client may send ends that client only", async () => {
  await using running = (await simulator()).simulator;
  await using big = await MassiveClient.subscribed(`${running.url}/stocks`, "T.SPY");
  await using other = await MassiveClient.subscribed(`${running.url}/stocks`, "T.SPY");
  big.send("x".repeat(1_100_000));
  assertEquals((await big.ending()).code, 1009);
  await other.caughtUp();
});
