/** What callers do inside callbacks, give as options and leave undone: nothing of it leaves a timer or a connection behind. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { TickcastOptions } from "../../src/client/options.ts";
import type { Status } from "../../src/client/status.ts";
import { Tickcast } from "../../src/client/tickcast.ts";
import { settle } from "../support/manual_clock.ts";
import { aRig, opened, retry, states } from "./connection_rig.ts";
import { FakePage } from "./fake_platform.ts";
import { events, hello, trade } from "./hostile_rig.ts";
import { MemoryNet } from "./memory_net.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

for (const when of ["connecting", "open", "waiting"] as const) {
  test(`disconnecting from within the word of ${when} ends it, and nothing is left to ring`, async () => {
    const net = new MemoryNet();
    net.onSocket = (socket, nth) => {
      socket.accept();
      socket.say(hello);
      if (nth === 1 && when === "waiting") socket.drop(1011);
    };
    const told: string[] = [];
    const client = new Tickcast("http://edge.test", {
      platform: net.platform(),
      onStatusChange: ({ state }) => {
        told.push(state);
        if (state === when) client.disconnect();
      },
    });
    client.connect().catch(() => {});
    await net.pass(60_000, 2000);
    assertEquals([told.at(-1), client.status.state, net.clock.pending], ["closed", "closed", 0]);
    assert(net.sockets.every(({ isOver }) => isOver));
  });
}

test("disconnecting from within an error or an event ends it too", async () => {
  for (const from of ["error", "fallback", "event"]) {
    const net = new MemoryNet();
    const client: Tickcast = new Tickcast("http://edge.test", {
      platform: net.platform(),
      onError: () => client.disconnect(),
      onEvents: () => client.disconnect(),
    });
    net.onRequest = () => Response.json({ error: { code: "WS_DISABLED", message: "off" } }, { status: 503 });
    net.onSocket = (socket) => {
      if (from === "fallback") return socket.drop(1006);
      socket.accept();
      socket.say(hello);
      if (from === "event") socket.say(events(trade(1)), events(trade(2)));
      else socket.drop(1011);
    };
    client.connect().catch(() => {});
    await net.pass(60_000, 2000);
    assertEquals([from, client.status.state, net.clock.pending], [from, "closed", 0]);
    assertEquals(net.sockets.length, 1);
  }
});

test("connecting again from within the word of the end begins anew", async () => {
  const net = new MemoryNet();
  net.onSocket = (socket, nth) => {
    socket.accept();
    socket.say(hello);
    if (nth === 1) socket.drop(4501);
  };
  using client: Tickcast = new Tickcast("http://edge.test", {
    platform: net.platform(),
    onStatusChange: ({ state }) => void (state === "closed" && net.sockets.length === 1 && client.connect()),
  });
  client.connect().catch(() => {});
  await net.pass(10_000);
  assertEquals([client.status.state, net.sockets.length], ["open", 2]);
});

test("options that are no sensible numbers are refused at once, in words, with what they are", () => {
  const wrong: readonly [TickcastOptions, string][] = [
    [{ pingIntervalMs: 0 }, "pingIntervalMs must be 1 or more: current value is 0"],
    [{ pingIntervalMs: NaN }, "current value is NaN"],
    [{ maxAttempts: -1 }, "maxAttempts must be 0 or more"],
    [{ backoffCapMs: JSON.parse('"soon"') }, "backoffCapMs must be"],
    [{ pauseHiddenAfterMs: -5 }, "pauseHiddenAfterMs must be"],
    [{ pollIntervalMs: 0 }, "pollIntervalMs must be"],
    [{ upgradeIntervalMs: -Infinity }, "upgradeIntervalMs must be"],
    [{ transports: [] }, "transports must be some of websocket,sse,poll"],
  ];
  for (const [options, words] of wrong) {
    assertThrows(() => new Tickcast("http://edge.test", options), TypeError, words);
  }
  new Tickcast("http://edge.test", { maxAttempts: Infinity, pingIntervalMs: Infinity });
  return Promise.resolve();
});

test("a token callback that never answers is a failure after ten seconds, and tried again", async () => {
  let asked = 0;
  using rig = aRig({}, {}, () => asked++ === 0 ? new Promise(() => {}) : "t");
  rig.connection.start();
  await rig.clock.advance(9_900);
  assertEquals(states(rig), ["connecting"]);
  await rig.clock.advance(700);
  assertEquals([asked, rig.links.opened.length, rig.errors.map(({ code }) => code)], [2, 1, ["TOKEN"]]);
});

test("while offline it tries as rarely as it may, and at once when the network is back", async () => {
  const page = new FakePage();
  page.online = false;
  using rig = aRig({}, { page });
  rig.connection.start();
  for (let n = 0; n < 60; n++) {
    await rig.clock.advance(1000);
    if (rig.connection.status.state === "connecting") rig.links.last.handlers.onDown(retry);
  }
  assert(rig.links.opened.length <= 3, String(rig.links.opened.length));
  page.online = true;
  rig.connection.nudge();
  await settle();
  assertEquals(rig.connection.status.state, "connecting");
});

test("a clock that is set back hides no silence", async () => {
  using rig = aRig();
  await opened(rig);
  rig.clock.jump(rig.clock.now() - 3_600_000);
  await rig.clock.advance(40_000);
  assertEquals(rig.errors.map(({ code }) => code), ["STALLED"]);
});

test("a drain that was announced on the transport left behind does not end the better one", async () => {
  using rig = aRig();
  rig.connection.start();
  await settle();
  rig.links.last.handlers.onDown({ then: "fallback", code: "WS_DISABLED", message: "off" });
  await settle();
  const sse = rig.links.last;
  sse.hello();
  for (let n = 0; n < 3 && rig.links.last === sse; n++) {
    await rig.clock.advance(10_000);
    sse.beat();
  }
  sse.handlers.onMessage({ type: "reconnect", afterMs: 5000 });
  rig.links.last.hello();
  const better = rig.links.last;
  await rig.clock.advance(10_000);
  assertEquals([better.isClosed, rig.connection.status.state], [false, "open"]);
});

test("a client that was refused for good is not begun again by its page's coming and going", async () => {
  const net = new MemoryNet();
  const page = new FakePage();
  net.onSocket = (socket) => {
    socket.accept();
    socket.drop(4502, "no");
  };
  const statuses: Status[] = [];
  using client = new Tickcast("http://edge.test", {
    platform: net.platform({ page }),
    onStatusChange: (status) => statuses.push(status),
  });
  client.connect().catch(() => {});
  await net.run();
  for (
    const [target, type] of [["window", "pagehide"], ["window", "pageshow"], ["document", "freeze"], [
      "document",
      "resume",
    ], ["window", "online"]] as const
  ) {
    page.tell(target, type);
    await net.pass(1000);
  }
  assertEquals([client.status.state, net.sockets.length], ["closed", 1]);
});

test("a symbol that is none is told and left out, and never asked of the server", async () => {
  const net = new MemoryNet();
  net.onSocket = (socket) => {
    socket.accept();
    socket.say(hello);
  };
  const errors: string[] = [];
  using client = new Tickcast("http://edge.test", {
    platform: net.platform(),
    onError: ({ code, message, fatal }) => errors.push(`${code} ${fatal} ${message}`),
  });
  client.connect().catch(() => {});
  client.subscribe({ streams: ["tick"], symbols: ["AAPL", "no good", "<b>", "X:*"] });
  const bad = client.subscribe({ streams: ["minute"], symbols: ["**"] });
  await net.run();
  assertEquals(errors.map((text) => text.slice(0, 16)), [
    "BAD_SYMBOL false",
    "BAD_SYMBOL false",
    "BAD_SYMBOL false",
  ]);
  const asked = net.sockets[0]?.sent.filter(({ action }) => action === "subscribe");
  assertEquals(asked?.map(({ streams, symbols }) => [streams, symbols]), [[["tick"], ["AAPL", "X:*"]]]);
  bad.change({ symbols: ["MSFT"] });
  await net.run();
  assert(JSON.stringify(net.sockets[0]?.sent).includes("MSFT"));
});

test("a stream dropped and taken up again begins now, whatever was still on its way", async () => {
  const net = new MemoryNet();
  net.onSocket = (socket) => {
    socket.accept();
    socket.say(hello);
  };
  using client = new Tickcast("http://edge.test", { platform: net.platform() });
  client.connect().catch(() => {});
  const first = client.subscribe({ streams: ["tick"] });
  await net.run();
  const [socket] = net.sockets;
  socket?.say({ ...events(trade(1)), cursor: "tick:aaaaaaaa-1" });
  first.unsubscribe();
  await net.run();
  socket?.say({ ...events(trade(2)), cursor: "tick:aaaaaaaa-2" });
  client.subscribe({ streams: ["tick"] });
  await net.run();
  assertEquals(socket?.sent.at(-1), { action: "subscribe", streams: ["tick"], symbols: ["*"], mode: "all" });
});
