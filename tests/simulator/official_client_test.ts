import { assert, assertEquals } from "@std/assert";
import { websocketClient } from "@massive.com/client-js";
import { silentLog } from "../../src/feed/log.ts";
import { startSimulator } from "../../src/simulator/start_simulator.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { eventually, within } from "../support/massive_client.ts";

/** The official client's socket, as far as these tests use it. */
interface OfficialSocket {
  onmessage: (message: { data: unknown }) => void;
  onclose: () => void;
  onerror: (error: Error) => void;
  send(text: string): void;
  close(): void;
}

/** What the official client hears, and a way to end it. */
function listen(socket: OfficialSocket) {
  const elements: Record<string, unknown>[] = [];
  const closed = new Promise<void>((resolve) => socket.onclose = resolve);
  socket.onerror = () => {/* close follows */};
  socket.onmessage = ({ data }) => elements.push(...JSON.parse(String(data)));
  return {
    elements,
    statuses: () => elements.filter(({ ev }) => ev === "status").map(({ status }) => status),
    of: (ev: string) => elements.filter((element) => element.ev === ev),
    closed: () => within(closed, () => "the official client to be closed"),
    send: (message: unknown) => socket.send(JSON.stringify(message)),
    close: () => socket.close(),
  };
}

for (
  const { market, trades, bars, symbol, nameField } of [
    { market: "stocks", trades: "T", bars: "A", symbol: "SPY", nameField: "sym" },
    { market: "crypto", trades: "XT", bars: "XAS", symbol: "BTC-USD", nameField: "pair" },
  ] as const
) {
  Deno.test(`The official client works unchanged against ${market}`, async () => {
    const clock = new ManualClock();
    await using simulator = await startSimulator({ symbols: 5, rate: 200 }, { clock, log: silentLog });
    const client = listen(websocketClient("my key", simulator.url)[market]());
    await eventually(
      () => client.statuses().includes("auth_success"),
      "authentication, which it sends by itself",
    );
    client.send({ action: "subscribe", params: `${trades}.${symbol},${bars}.*` });
    await eventually(() => client.statuses().length === 4, "acknowledgements");
    await clock.advance(5000);
    await eventually(() => client.of(trades).length > 0 && client.of(bars).length > 0, "data");
    assert(client.of(trades).every((trade) => trade[nameField] === symbol));
    client.send({ action: "unsubscribe", params: `${trades}.${symbol}` });
    await eventually(() => client.statuses().length === 5, "the last acknowledgement");
    client.close();
    await client.closed();
    await eventually(() => simulator.state().connections.length === 0, "the server to notice");
    assertEquals(simulator.state().slots, 0);
  });
}

Deno.test("The official client hears its quota played out and is closed", async () => {
  const clock = new ManualClock();
  const accounts = { accounts: [{ name: "solo", keys: ["k"], markets: { stocks: { realtime: ["T"] } } }] };
  await using simulator = await startSimulator({ accounts }, { clock, log: silentLog });
  const first = listen(websocketClient("k", simulator.url).stocks());
  await eventually(() => first.statuses().includes("auth_success"), "authentication");
  const second = listen(websocketClient("k", simulator.url).stocks());
  await first.closed();
  assertEquals(first.statuses().at(-1), "max_connections");
  await eventually(() => second.statuses().includes("auth_success"), "the second's authentication");
  assertEquals(second.statuses(), ["connected", "auth_success"]);
  second.close();
  await second.closed();
});
