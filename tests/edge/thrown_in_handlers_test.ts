/**
 * A throw anywhere in a handler costs that request only: planted in every kind of handler on both servers, it is answered without its
 * words, a client beside it goes on, and the same door serves the next one.
 */
import { assertEquals } from "@std/assert";
import type { AccessGate, Door } from "../../src/edge/admit/principal.ts";
import { anonymous } from "../../src/edge/admit/principal.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { aTrade } from "../support/event_factory.ts";
import { edgeRig, type Rig } from "./edge_rig.ts";
import { type Inbox, SocketClient, StreamClient } from "./test_clients.ts";

const PLANTED = "PLANTED-throw";
const ADMIN_TOKEN = "an-admin-token-of-tests";
const throwIt = (): never => {
  throw new Error(PLANTED);
};

/** Where the next call is to throw. */
class Mine {
  armed = "";

  at(place: string): void {
    if (this.armed === place) throwIt();
  }
}

/** A gate that throws at the door that is mined. */
const minedGate = (mine: Mine): AccessGate => ({
  admit(_request: Request, door: Door) {
    mine.at(`gate ${door}`);
    return { principal: anonymous("premium"), headers: undefined };
  },
  authenticate: () => {
    mine.at("authenticate");
    return Promise.resolve(anonymous("premium"));
  },
});

const minedStore = (mine: Mine) => (store: FeedStore): FeedStore => ({
  ...store,
  sendCommand: (text, signal) => {
    mine.at("command");
    return store.sendCommand(text, signal);
  },
  readLatest: (...args) => {
    mine.at("latest");
    return store.readLatest(...args);
  },
});

/** Parts that are asked on the way throw too. */
function mineParts(rig: Rig, mine: Mine): void {
  const { core, hub } = rig.edge;
  const { feeds } = core;
  const [want, hello] = [feeds.want.bind(feeds), hub.helloFor.bind(hub)];
  feeds.want = (feed) => (mine.at("want"), want(feed));
  hub.helloFor = (streams) => (mine.at("hello"), hello(streams));
  Object.defineProperty(core.counters, "messagesSent", {
    get: () => (mine.at("metrics"), 0),
    set: () => {},
  });
}

interface Case {
  readonly what: string;
  readonly mine: string;
  run(port: number): Promise<void>;
}

const get = (path: string, status: number, init?: RequestInit) => async (port: number) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  const text = await response.text();
  assertEquals([response.status, text.includes(PLANTED)], [status, false], text);
};

const isInternal = (client: Inbox) =>
  client.until("INTERNAL", () => client.messages.some(({ code }) => code === "INTERNAL"));

const CASES: readonly Case[] = [
  { what: "an HTTP route: poll", mine: "gate poll", run: get("/events/tick", 500) },
  { what: "an HTTP route: poll, under way", mine: "want", run: get("/events/tick", 500) },
  { what: "an HTTP route: snapshot", mine: "gate snapshot", run: get("/snapshot/tick", 500) },
  { what: "an HTTP route: metrics", mine: "metrics", run: get("/metrics", 500) },
  {
    what: "an admin route",
    mine: "command",
    run: get("/api/reload", 500, { method: "POST", headers: { authorization: `Bearer ${ADMIN_TOKEN}` } }),
  },
  { what: "an event stream, before it starts", mine: "gate sse", run: get("/sse/tick", 500) },
  {
    what: "an event stream, as it starts",
    mine: "want",
    async run(port) {
      await using client = new StreamClient(port, "/sse/tick");
      await isInternal(client);
      await client.ended.promise;
      assertEquals(JSON.stringify(client.messages).includes(PLANTED), false);
    },
  },
  {
    what: "a socket, before its upgrade",
    mine: "gate ws",
    async run(port) {
      await using client = new SocketClient(port, "/ws/tick");
      assertEquals((await client.closed).wasClean, false);
      await get("/ws/tick", 500)(port);
    },
  },
  {
    what: "a socket, as it opens",
    mine: "hello",
    async run(port) {
      await using client = new SocketClient(port, "/ws/tick");
      assertEquals((await client.closed).code, 1011);
    },
  },
  {
    what: "a socket's message: subscribe",
    mine: "want",
    async run(port) {
      await using client = new SocketClient(port, "/ws/tick");
      await client.say({ action: "subscribe", symbols: ["AAPL"] });
      await isInternal(client);
      assertEquals([client.socket.readyState, JSON.stringify(client.messages).includes(PLANTED)], [1, false]);
    },
  },
  {
    what: "a socket's message: auth",
    mine: "authenticate",
    async run(port) {
      await using client = new SocketClient(port, "/ws/tick");
      await client.say({ action: "auth", token: "x" });
      await isInternal(client);
      assertEquals(client.socket.readyState, 1);
    },
  },
  {
    what: "the Massive-compatible door, before its upgrade",
    mine: "gate massive",
    run: get("/massive/stocks", 500),
  },
  {
    what: "the Massive-compatible door: a message",
    mine: "want",
    async run(port) {
      await using program = new SocketClient(port, "/massive/stocks");
      await program.say({ action: "auth", params: "x" });
      await program.say({ action: "subscribe", params: "T.AAPL" });
      await program.closed;
    },
  },
  {
    what: "a snapshot under way on a socket",
    mine: "latest",
    async run(port) {
      await using client = new SocketClient(port, "/ws/tick");
      await client.say({ action: "subscribe", symbols: ["AAPL"], snapshot: true });
      await client.first("subscribed");
      await client.say({ action: "ping" });
      await client.first("pong");
    },
  },
];

Deno.test("a session that can't be looked after is closed, and those behind it are looked after", async () => {
  await using rig = edgeRig();
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  await using first = new SocketClient(port, "/ws/tick?symbols=*");
  await first.first("subscribed");
  for (const session of rig.edge.hub.sessions()) session.tend = throwIt;
  await using second = new SocketClient(port, "/ws/tick?symbols=*");
  await second.first("subscribed");
  assertEquals((await first.closed).code, 1011);
  await rig.writer.append("tick", [aTrade()]);
  await second.events(1);
});

for (const server of ["deno", "hardened"] as const) {
  Deno.test(`a throw in any handler costs that request only (SERVER=${server})`, async (t) => {
    const mine = new Mine();
    await using rig = edgeRig({
      settings: { server, adminToken: ADMIN_TOKEN },
      gate: minedGate(mine),
      wrapStore: minedStore(mine),
    });
    mineParts(rig, mine);
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    await using witness = new SocketClient(port, "/ws/tick?symbols=*");
    await witness.first("subscribed");
    for (const [n, { what, mine: place, run }] of CASES.entries()) {
      await t.step(what, async () => {
        mine.armed = place;
        try {
          await run(port);
        } finally {
          mine.armed = "";
        }
        await rig.writer.append("tick", [aTrade({ tid: what })]);
        await witness.events(n + 1);
        // The same doors serve the next one.
        await get("/events/tick", 200)(port);
        await using next = new SocketClient(port, "/ws/tick?symbols=*");
        await next.first("subscribed");
      });
    }
    assertEquals(witness.of("error"), []);
  });
}
