import { assertEquals, assertRejects } from "@std/assert";
import type { Transport } from "../../src/client/link.ts";
import { Tickcast } from "../../src/client/tickcast.ts";
import { FakeEdge } from "./fake_edge.ts";
import { until } from "./next.ts";
import { append, QUICK, take, trade, upTo } from "./tickcast_rig.ts";

const TRANSPORTS: readonly Transport[] = ["websocket", "sse", "poll"];

for (const transport of TRANSPORTS) {
  Deno.test(`over ${transport} every wanted event comes once and in order, through cuts`, async () => {
    await using edge = new FakeEdge();
    using taken = take(edge.url, { transports: [transport] });
    await taken.client.connect();
    await until("a cursor", () => taken.client.cursor);
    append(edge, 1, 10);
    await until("ten", () => taken.prices.length >= 10);
    edge.cut();
    append(edge, 11, 30);
    await until("thirty", () => taken.prices.length >= 30);
    append(edge, 31, 40);
    await until("forty", () => taken.prices.length >= 40);
    assertEquals(taken.prices, upTo(40));
    assertEquals(taken.gaps, []);
  });

  Deno.test(`over ${transport} what was evicted meanwhile is told as a gap with its number`, async () => {
    await using edge = new FakeEdge();
    using taken = take(edge.url, { transports: [transport] });
    await taken.client.connect();
    await until("a cursor", () => taken.client.cursor);
    append(edge, 1, 5);
    await until("five", () => taken.prices.length >= 5);
    taken.client.disconnect();
    append(edge, 6, 55);
    edge.trim("tick", 20);
    void taken.client.connect();
    await until("the rest", () => taken.prices.at(-1) === 55);
    assertEquals(taken.prices, [...upTo(5), ...upTo(55).slice(45)]);
    assertEquals(taken.gaps.map(({ lost, cause }) => [lost, cause]), [[80, "evicted"]]);
  });

  Deno.test(`over ${transport} lists that began anew are told as a gap and followed`, async () => {
    await using edge = new FakeEdge();
    using taken = take(edge.url, { transports: [transport] });
    await taken.client.connect();
    await until("a cursor", () => taken.client.cursor);
    append(edge, 1, 5);
    await until("five", () => taken.prices.length >= 5);
    taken.client.disconnect();
    // A lower epoch: the machine whose clock named them was lost with the lists.
    edge.reset("tick", "a0000001");
    append(edge, 6, 9);
    void taken.client.connect();
    await until("nine", () => taken.prices.at(-1) === 9);
    assertEquals(taken.prices, upTo(9));
    assertEquals(taken.gaps.map(({ lost, cause }) => [lost, cause]), [[null, "epoch"]]);
  });

  Deno.test(`over ${transport} a snapshot comes first where asked for, heatmaps always and every later one`, async () => {
    await using edge = new FakeEdge();
    append(edge, 1, 3);
    edge.append("heatmap", { type: "heatmap", sym: "AAPL", hash: "a" });
    const told: string[] = [];
    using client = new Tickcast(edge.url, { platform: QUICK, transports: [transport] });
    client.subscribe({ streams: ["tick"], symbols: ["AAPL"], snapshot: true }, {
      onSnapshot: ({ events, last }) =>
        events.forEach((event) => event.type === "trade" && told.push(`tick ${event.price} ${last}`)),
      onEvents: ({ events }) =>
        events.forEach((event) => event.type === "trade" && told.push(`event ${event.price}`)),
    });
    client.subscribe({ streams: ["heatmap"], symbols: ["AAPL"] }, {
      onSnapshot: ({ events }) => events.forEach(({ hash }) => told.push(`heat ${hash}`)),
    });
    await client.connect();
    await until("both snapshots", () => told.length >= 2);
    edge.append("heatmap", { type: "heatmap", sym: "AAPL", hash: "b" });
    append(edge, 4, 4);
    await until("the later ones", () => told.length >= 4);
    assertEquals(told.sort(), ["event 4", "heat a", "heat b", "tick 3 true"]);
  });

  Deno.test(`over ${transport} subscriptions come, change and go, and each gets its own`, async () => {
    await using edge = new FakeEdge();
    using taken = take(edge.url, { transports: [transport] });
    const { client } = taken;
    const seen: string[] = [];
    const second = client.subscribe({ streams: ["tick", "minute"], symbols: ["NVDA"] }, {
      onEvents: ({ events }) => events.forEach(({ sym }) => seen.push(sym)),
    });
    await client.connect();
    await until("cursors", () => client.cursor.includes("minute"));
    append(edge, 1, 1);
    edge.append("tick", trade("NVDA", 1));
    await until("NVDA", () => seen.length === 1);
    second.change({ symbols: ["TSLA"] });
    const asked = () => JSON.stringify([edge.commands, edge.requests]);
    await until("the edge asked for TSLA", () => asked().includes("TSLA"));
    for (const sym of ["NVDA", "TSLA"]) edge.append("tick", trade(sym, 2));
    await until("TSLA", () => seen.length === 2);
    second.unsubscribe();
    edge.append("tick", trade("TSLA", 3));
    append(edge, 2, 2);
    await until("AAPL", () => taken.prices.length === 2);
    assertEquals(seen, ["NVDA", "TSLA"]);
    assertEquals(second.isActive, false);
  });
}

Deno.test("a client goes on from one transport to the next and back without a hole or a repeat", async () => {
  await using edge = new FakeEdge();
  using taken = take(edge.url, { upgradeIntervalMs: 300 });
  const used: string[] = [];
  await taken.client.connect();
  await until("a cursor", () => taken.client.cursor);
  let price = 0;
  const step = async (name: Transport) => {
    await until(name, () => {
      append(edge, price + 1, ++price);
      return taken.client.status.state === "open" && taken.client.status.transport === name;
    });
    used.push(name);
  };
  await step("websocket");
  Object.assign(edge.faults, { wsStatus: 503, sseStatus: 500 });
  edge.cut();
  await step("poll");
  edge.faults.sseStatus = 0;
  await step("sse");
  edge.faults.wsStatus = 0;
  await step("websocket");
  append(edge, price + 1, ++price);
  await until("the last", () => taken.prices.at(-1) === price);
  assertEquals(taken.prices, upTo(price));
  assertEquals(used, ["websocket", "poll", "sse", "websocket"]);
  assertEquals(taken.gaps, []);
});

Deno.test("of two edges over the same lists, one killed, the client goes on at the other", async () => {
  await using first = new FakeEdge();
  await using second = new FakeEdge();
  for (const [stream, list] of first.lists) second.lists.set(stream, list);
  using taken = take([first.url, second.url]);
  await taken.client.connect();
  await until("a cursor", () => taken.client.cursor);
  append(first, 1, 5);
  await until("five", () => taken.prices.length === 5);
  await first.stop();
  append(second, 6, 9);
  await until("nine", () => taken.prices.length === 9);
  append(second, 10, 12);
  await until("twelve", () => taken.prices.length === 12);
  assertEquals(taken.prices, upTo(12));
  first.restart();
});

Deno.test("a later client goes on at a cursor that was kept, and at the earliest event held", async () => {
  await using edge = new FakeEdge();
  using before = take(edge.url);
  await before.client.connect();
  await until("a cursor", () => before.client.cursor);
  append(edge, 1, 3);
  await until("three", () => before.prices.length === 3);
  const { cursor } = before.client;
  before.client.disconnect();
  append(edge, 4, 6);
  using after = take(edge.url, { cursor });
  await after.client.connect();
  await until("the rest", () => after.prices.length === 3);
  assertEquals(after.prices, [4, 5, 6]);
  using all = new Tickcast(edge.url);
  const prices: number[] = [];
  const subscription = all.subscribe({ streams: ["tick"], symbols: ["AAPL"], cursor: "earliest" });
  void all.connect();
  for await (const item of subscription) {
    if (item.type === "trade") prices.push(item.price);
    if (prices.length === 6) break;
  }
  assertEquals(prices, upTo(6));
});

Deno.test("history reads back what the server holds, page by page", async () => {
  await using edge = new FakeEdge();
  append(edge, 1, 4);
  using client = new Tickcast(edge.url);
  const prices: number[] = [];
  for await (const { events } of client.history({ stream: "tick", symbols: ["AAPL"] })) {
    for (const event of events) if (event.type === "trade") prices.push(event.price);
  }
  assertEquals(prices, upTo(4));
  edge.faults.pollStatus = 403;
  const denied = client.history({ stream: "tick" });
  await assertRejects(() => denied.next(), Error, "Cannot read tick back");
});
