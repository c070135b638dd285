import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Transport } from "../../src/client/link.ts";
import type { GapNotice } from "../../src/client/message.ts";
import type { TickcastOptions } from "../../src/client/options.ts";
import type { Status } from "../../src/client/status.ts";
import { Tickcast } from "../../src/client/tickcast.ts";
import { FakeEdge } from "./fake_edge.ts";
import { FakePage } from "./fake_platform.ts";
import { until } from "./next.ts";

const TRANSPORTS: readonly Transport[] = ["websocket", "sse", "poll"];
const trade = (sym: string, price: number) => ({ type: "trade", sym, price });
/** No jitter to wait for. */
const QUICK = { random: () => 0.02 };

interface Taken {
  readonly client: Tickcast;
  readonly prices: number[];
  readonly gaps: GapNotice[];
}

function take(
  address: string | string[],
  options: TickcastOptions = {},
  symbols = ["AAPL"],
): Taken & Disposable {
  const prices: number[] = [];
  const gaps: GapNotice[] = [];
  const client = new Tickcast(address, { platform: QUICK, ...options });
  client.subscribe({ streams: ["tick"], symbols }, {
    onEvents: ({ events }) => events.forEach((event) => event.type === "trade" && prices.push(event.price)),
    onGap: (gap) => gaps.push(gap),
  });
  return { client, prices, gaps, [Symbol.dispose]: () => client[Symbol.dispose]() };
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

/** Appends prices `from … to` of AAPL, each beside one of a symbol nobody asked for. */
function append(edge: FakeEdge, from: number, to: number): void {
  for (let price = from; price <= to; price++) {
    edge.append("tick", trade("MSFT", -price));
    edge.append("tick", trade("AAPL", price));
  }
}

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
    await new Promise((resolve) => setTimeout(resolve, 150));
    for (const sym of ["NVDA", "TSLA"]) edge.append("tick", trade(sym, 2));
    await until("TSLA", () => seen.length === 2);
    second.unsubscribe();
    await new Promise((resolve) => setTimeout(resolve, 150));
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
  append(first, 6, 9);
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

Deno.test("a token is offered as a subprotocol and as a header, never in a URL", async () => {
  await using edge = new FakeEdge();
  for (const transport of TRANSPORTS) {
    using taken = take(edge.url, { transports: [transport], token: () => Promise.resolve("se.cr-et") });
    await taken.client.connect();
  }
  assertEquals([...edge.requests].filter((line) => line.includes("se.cr-et")), []);
  edge.faults.badTokens.add("old");
  const asked: string[] = [];
  const tokens = ["old", "new"];
  for (const transport of TRANSPORTS) {
    let n = 0;
    using taken = take(edge.url, {
      transports: [transport],
      token: () => asked[asked.push(tokens[n++] ?? "new") - 1] ?? "",
    });
    await taken.client.connect();
  }
  assertEquals(asked, ["old", "new", "old", "new", "old", "new"]);
  const errors: string[] = [];
  using refused = take(edge.url, {
    token: "old",
    onError: ({ code, fatal }) => errors.push(`${code} ${fatal}`),
  });
  await assertRejects(() => refused.client.connect());
  assertEquals(errors, ["UNAUTHORIZED true"]);
});

Deno.test("a page that is left closes its connection, and one that returns goes on where it stopped", async () => {
  await using edge = new FakeEdge();
  const page = new FakePage();
  const statuses: Status[] = [];
  using taken = take(edge.url, {
    platform: { ...QUICK, page },
    onStatusChange: (status) => statuses.push(status),
  });
  await taken.client.connect();
  await until("a cursor", () => taken.client.cursor);
  append(edge, 1, 2);
  await until("two", () => taken.prices.length === 2);
  page.tell("window", "pagehide");
  await until("nobody", () => edge.sockets.size === 0);
  assertEquals(taken.client.status.state, "paused");
  append(edge, 3, 4);
  page.tell("window", "pageshow");
  await until("four", () => taken.prices.length === 4);
  assertEquals(taken.prices, upTo(4));
  assertEquals(statuses.map(({ state }) => state), ["connecting", "open", "paused", "connecting", "open"]);
});

Deno.test("a page hidden for long gives its connection back where asked to, and takes it up when shown", async () => {
  await using edge = new FakeEdge();
  const page = new FakePage();
  using taken = take(edge.url, { platform: { ...QUICK, page }, pauseHiddenAfterMs: 20 });
  await taken.client.connect();
  page.hidden = true;
  page.tell("document", "visibilitychange");
  await until("paused", () => taken.client.status.state === "paused");
  page.hidden = false;
  page.tell("document", "visibilitychange");
  await until("open", () => taken.client.status.state === "open");
});

Deno.test("an iteration ends with its subscription, and a slow one is told what it missed", async () => {
  await using edge = new FakeEdge();
  using client = new Tickcast(edge.url);
  const subscription = client.subscribe({ streams: ["tick"] });
  await client.connect();
  await until("a cursor", () => client.cursor);
  const iterator = subscription[Symbol.asyncIterator]();
  const first = iterator.next();
  for (let n = 0; n < 10_005; n++) edge.append("tick", trade("AAPL", n));
  await until("all of them", () => client.stats.events === 10_005);
  subscription.unsubscribe();
  const items = [(await first).value, ...await Array.fromAsync({ [Symbol.asyncIterator]: () => iterator })];
  const lost = items.reduce((sum, item) => sum + (item?.type === "gap" ? item.lost ?? 0 : 0), 0);
  assert(lost > 0 && items.some((item) => item?.type === "gap" && item.cause === "local"));
  assertEquals(items.filter((item) => item?.type === "trade").length + lost, 10_005);
});

Deno.test({
  name: "addresses and options that can't work are refused with what they are",
  permissions: "none",
  fn() {
    for (const address of ["", "nonsense", "ftp://x", "http://user:pw@host", []]) {
      const error = assertThrows(() => new Tickcast(address), TypeError, "Cannot connect as ");
      assert(!error.message.includes("pw"), error.message);
    }
    new Tickcast("wss://host/prefix/");
  },
});

Deno.test({
  name: "a handler that throws hurts no other",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    await using edge = new FakeEdge();
    using taken = take(edge.url, {
      onEvents: () => {
        throw new Error("the caller's own mistake");
      },
    });
    const reported: string[] = [];
    const onError = (event: ErrorEvent) => {
      event.preventDefault();
      reported.push(event.message);
    };
    globalThis.addEventListener("error", onError);
    await taken.client.connect();
    await until("a cursor", () => taken.client.cursor);
    append(edge, 1, 2);
    await until("two", () => taken.prices.length === 2);
    await until("the report", () => reported.length > 0);
    globalThis.removeEventListener("error", onError);
  },
});
