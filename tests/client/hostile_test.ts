import { assert, assertEquals } from "@std/assert";
import type { ClientError } from "../../src/client/failure.ts";
import type { Status } from "../../src/client/status.ts";
import { Tickcast } from "../../src/client/tickcast.ts";
import { until } from "./next.ts";

/** What a server says on a socket, however wrong. */
type Script = (socket: WebSocket, nth: number) => void;

interface Scene extends AsyncDisposable {
  readonly client: Tickcast;
  readonly prices: number[];
  readonly errors: ClientError[];
  readonly statuses: Status[];
  readonly sockets: () => number;
}

/** A client on a server that follows a script. */
function play(script: Script): Scene {
  let count = 0;
  const sockets = new Set<WebSocket>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    if (request.headers.get("upgrade") !== "websocket") return new Response("", { status: 426 });
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "tickcast.v1", idleTimeout: 0 });
    const nth = ++count;
    socket.onopen = () => {
      sockets.add(socket);
      script(socket, nth);
    };
    socket.onclose = () => sockets.delete(socket);
    socket.onerror = () => {};
    return response;
  });
  const prices: number[] = [];
  const errors: ClientError[] = [];
  const statuses: Status[] = [];
  const client = new Tickcast(`http://127.0.0.1:${server.addr.port}`, {
    platform: { random: () => 0.01 },
    transports: ["websocket"],
    onError: (error) => errors.push(error),
    onStatusChange: (status) => statuses.push(status),
  });
  client.subscribe({ streams: ["tick"] }, {
    onEvents: ({ events }) => events.forEach((event) => event.type === "trade" && prices.push(event.price)),
  });
  void client.connect();
  return {
    client,
    prices,
    errors,
    statuses,
    sockets: () => count,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await until("the sockets to close", () => sockets.size === 0);
      await server.shutdown();
    },
  };
}

const say = (socket: WebSocket, ...messages: unknown[]) => {
  for (const message of messages) {
    socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }
};
const hello = { type: "hello", edge: "bad", heartbeat_ms: 15_000 };
const trade = (seq: number, more: Record<string, unknown> = {}) => ({
  id: `aaaaaaaa-${seq}`,
  type: "trade",
  sym: "AAPL",
  t: seq,
  price: seq,
  ...more,
});
const events = (...list: unknown[]) => ({
  type: "events",
  stream: "tick",
  cursor: "tick:aaaaaaaa-9",
  events: list,
});

Deno.test("events before hello and subscribed, repeats and a wrong order reach nobody twice and nobody out of order", async () => {
  await using scene = play((socket) =>
    say(
      socket,
      events(trade(1)),
      hello,
      events(trade(2), trade(2), trade(1)),
      events(trade(5), trade(4)),
      { type: "subscribed", cursor: "tick:aaaaaaaa-0" },
      events(trade(2), trade(6)),
    )
  );
  await until("the last", () => scene.prices.at(-1) === 6);
  assertEquals(scene.prices, [1, 2, 5, 6]);
  assertEquals(scene.client.stats.repeats, 4);
});

Deno.test("garbage of every kind is dropped and counted, told once, and what is good beside it gets through", async () => {
  const garbage: unknown[] = [
    "",
    "not json",
    "null",
    "[]",
    "7",
    { type: "events" },
    { type: "events", stream: "tick", events: "x" },
    { type: "future", a: 1 },
    '{"type":"events","stream":"tick","events":[{',
    "[".repeat(100_000),
  ];
  await using scene = play((socket) => {
    say(socket, hello, ...garbage);
    socket.send(new Uint8Array([1, 2, 3]));
    say(
      socket,
      events(null, 3, {}, [], { id: 1 }, { ...trade(1), id: "no id" }, {
        ...trade(1),
        id: "aaaaaaaa-99999999999999999999",
      }, trade(1)),
      { type: "gap" },
      { type: "error" },
      { type: "heartbeat", cursor: "%%%", streams: 5 },
      { type: "snapshot", stream: "__proto__", events: [{}] },
      { type: "events", stream: "constructor", events: [trade(1)] },
      events(trade(2)),
    );
  });
  await until("the last", () => scene.prices.at(-1) === 2);
  assertEquals(scene.prices, [1, 2]);
  assertEquals(scene.errors.filter(({ code }) => code === "BAD_MESSAGE").length, 1);
  assert(scene.client.stats.garbage >= garbage.length);
  assertEquals(scene.client.status.state, "open");
  assertEquals(Object.hasOwn(Object.prototype, "tick"), false);
});

Deno.test("a frame of many megabytes is read, one beyond the bound is dropped, and both leave the client alive", async () => {
  const filler = "x".repeat(200);
  const many = Array.from({ length: 20_000 }, (_, n) => trade(n + 1, { filler }));
  await using scene = play((socket) => {
    say(socket, hello, events(...many));
    socket.send(`{"type":"events","stream":"tick","events":["${"y".repeat(17 * 1024 * 1024)}"]}`);
    say(socket, events(trade(20_001)));
  });
  await until("the last", () => scene.prices.at(-1) === 20_001);
  assertEquals(scene.prices.length, 20_001);
  assertEquals(scene.client.stats.garbage, 1);
});

for (const code of [1000, 1001, 1011, 4000, 4001, 4002, 4003, 4499]) {
  Deno.test(`after close ${code} the client comes back`, async () => {
    await using scene = play((socket, nth) => {
      say(socket, hello);
      if (nth === 1) socket.close(code, "go");
      else say(socket, events(trade(nth)));
    });
    await until("the second connection's event", () => scene.prices.length === 1);
    assertEquals(scene.sockets(), 2);
  });
}

for (
  const [code, name] of [
    [4501, "UNAUTHORIZED"],
    [4502, "FORBIDDEN"],
    [4503, "BAD_REQUEST"],
    [4504, "TOO_LARGE"],
    [4999, "REFUSED"],
    [4004, "AUTH_EXPIRED"],
  ] as const
) {
  Deno.test(`after close ${code} the client stops and says ${name}`, async () => {
    await using scene = play((socket) => {
      say(socket, hello);
      socket.close(code, "because");
    });
    await until("the end", () => scene.client.status.state === "closed");
    const last = scene.errors.at(-1);
    assertEquals([last?.code, last?.fatal, last?.message.endsWith(": because")], [name, true, true]);
    assertEquals(scene.sockets(), 1);
  });
}

Deno.test("a server that accepts and drops at once makes the client give up after its five tries", async () => {
  await using scene = play((socket) => socket.close(1011, ""));
  await until("the end", () => scene.client.status.state === "closed");
  assertEquals(scene.sockets(), 6);
  assertEquals(scene.errors.at(-1)?.code, "GAVE_UP");
});

Deno.test("text that looks like markup or like a script stays what it is", async () => {
  const sym = '<img src=x onerror="alert(1)">';
  await using scene = play((socket) => say(socket, hello, events({ ...trade(1), sym })));
  let seen = "";
  const subscription = scene.client.subscribe({ streams: ["tick"] }, {
    onEvents: ({ events }) => seen = events[0]?.sym ?? "",
  });
  await until("the event", () => scene.prices.length === 1);
  assert(subscription.isActive);
  assert(seen === sym || seen === "");
});
