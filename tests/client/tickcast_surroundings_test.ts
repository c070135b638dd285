import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Transport } from "../../src/client/link.ts";
import type { Status } from "../../src/client/status.ts";
import { Tickcast } from "../../src/client/tickcast.ts";
import { FakeEdge } from "./fake_edge.ts";
import { FakePage } from "./fake_platform.ts";
import { until } from "./next.ts";
import { append, QUICK, take, trade, upTo } from "./tickcast_rig.ts";

const TRANSPORTS: readonly Transport[] = ["websocket", "sse", "poll"];

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
  await until("a cursor", () => taken.client.cursor);
  page.hidden = true;
  page.tell("document", "visibilitychange");
  await until("paused", () => taken.client.status.state === "paused");
  await until("the connection is given back", () => edge.sockets.size === 0);
  append(edge, 1, 2);
  page.hidden = false;
  page.tell("document", "visibilitychange");
  await until("what came meanwhile", () => taken.prices.length === 2);
  assertEquals([taken.client.status.state, taken.prices, edge.sockets.size], ["open", upTo(2), 1]);
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
