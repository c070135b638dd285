/** What a client says, and what it is answered, are bounded whatever it says and whether or not it reads. */
import { assert, assertEquals } from "@std/assert";
import { aTrade } from "../../support/event_factory.ts";
import { sessionScene } from "../session_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

pure("binary messages count as messages: a flood of them is refused, told once and closed 4003", async () => {
  await using s = sessionScene();
  const client = s.client();
  client.socket.isStalled = true;
  for (let n = 0; n < 20_000; n++) client.handlers.onMessage(new Uint8Array(1));
  assertEquals(client.socket.closeCode, 4003);
  assert(client.socket.bufferedAmount < 32 * 1024, `${client.socket.bufferedAmount}`);
  client.socket.drain();
  assertEquals(client.of("error").filter(({ code }) => code === "RATE_LIMITED").length, 1);
});

pure(
  "binary messages have a text's longest length and bytes a second, as either server reads them",
  async () => {
    await using s = sessionScene({ settings: { messageMaxBytes: 1000, bytesPerSecond: 1000 } });
    for (const  of of[(n: number) => new Uint8Array(n), (n: number) => new Blob([new Uint8Array(n)])]) {
      const client = s.client();
      client.handlers.onMessage(of(1001));
      assertEquals(client.of("error").map(({ code }) => code), ["TOO_LARGE"]);
      for (let n = 0; n < 3; n++) client.handlers.onMessage(of(1000));
      assertEquals(client.of("error").map(({ code }) => code), [
        "TOO_LARGE",
        "BAD_REQUEST",
        "BAD_REQUEST",
        "RATE_LIMITED",
      ]);
      client.handlers.onMessage(of(1));
      const huge = s.client();
      huge.handlers.onMessage(of(4001));
      assertEquals(huge.socket.closeCode, 4504);
    }
  },
);

/** One that follows a thousand symbols of a quiet stream and reads nothing from then on. */
async function aStalledClient(s: ReturnType<typeof sessionScene>) {
  const client = s.client();
  client.say({
    action: "subscribe",
    symbols: Array.from({ length: 1000 }, (_, n) => `SYM${n}.ABCDEF`),
    mode: "all",
  });
  await s.clock.advance(1000);
  client.socket.isStalled = true;
  return client;
}

const again = { action: "subscribe", symbols: ["SYM0.ABCDEF"] };

pure(
  "answers nobody reads are bounded in bytes on a quiet stream too, and end in 4001 with a cursor",
  async () => {
    await using s = sessionScene();
    const client = await aStalledClient(s);
    let most = 0;
    for (let second = 0; second < 10; second++) {
      for (let n = 0; n < 40; n++) client.say(again);
      await s.clock.advance(1000);
      most = Math.max(most, client.socket.bufferedAmount);
    }
    assertEquals(client.socket.closeCode, 4001);
    assert(most < 700 * 1024, `${most}`);
    client.socket.drain();
    const [warning, last] = client.of("warning");
    assertEquals([warning?.code, last?.code, last?.cursor], ["SLOW_CONSUMER", "SLOW_CONSUMER", "tick:0-0"]);
    const { counters, hub } = s.rig.edge;
    assertEquals([counters.slowWarned, counters.slowClosed, hub.size], [1, 1, 0]);
  },
);

pure("pongs and refusals nobody reads end in 4001 too", async () => {
  for (const message of [{ action: "ping" }, { action: "none" }]) {
    await using s = sessionScene({ settings: { clientMaxBufferedBytes: 64 * 1024 } });
    const client = s.client();
    client.socket.isStalled = true;
    let most = 0;
    for (let second = 0; second < 30; second++) {
      for (let n = 0; n < 40; n++) client.say(message);
      await s.clock.advance(1000);
      most = Math.max(most, client.socket.bufferedAmount);
    }
    assertEquals([client.socket.closeCode, most < 96 * 1024], [4001, true], `${most}`);
  }
});

pure("a burst of commands with large answers is carried out as its client reads, all of it", async () => {
  await using s = sessionScene();
  const client = await aStalledClient(s);
  for (let n = 0; n < 60; n++) client.say({ ...again, id: n });
  for (let n = 0; n < 100; n++) await s.clock.advance(3);
  const first = client.socket.bufferedAmount;
  assert(first > 400 * 1024 && first < 600 * 1024, `${first}`);
  client.socket.isStalled = false;
  client.socket.drain();
  for (let n = 0; n < 100; n++) await s.clock.advance(50);
  assertEquals(
    client.of("subscribed").map(({ id }) => id),
    [undefined, ...Array.from({ length: 60 }, (_, n) => n)],
  );
  assertEquals([client.socket.closeCode, s.rig.edge.counters.slowClosed], [undefined, 0]);
});

pure("a burst of answers that has been read by the next look is no slowness", async () => {
  await using s = sessionScene();
  const client = await aStalledClient(s);
  for (let n = 0; n < 60; n++) client.say(again);
  for (let n = 0; n < 100; n++) await s.clock.advance(3);
  assert(client.socket.bufferedAmount > 512 * 1024);
  client.socket.isStalled = false;
  client.socket.drain();
  await s.clock.advance(20_000);
  assertEquals(client.of("warning"), []);
});

pure(
  "what a flush has just handed over is not held against its client by the look that comes with it",
  async () => {
    const clientMaxBufferedBytes = 64 * 1024;
    await using s = sessionScene({ settings: { clientMaxBufferedBytes } });
    const client = s.client();
    client.say({ action: "subscribe", symbols: ["*"] });
    await s.clock.advance(20);
    const conds = Array.from({ length: 8000 }, () => 1);
    // Everybody is looked at every 250 ms: the client is reading again a few ms after that.
    for (let early = 1; early <= 30; early++) {
      await s.clock.advance(500 - s.clock.monotonic() % 250 - early);
      client.socket.isStalled = true;
      await s.rig.writer.append(
        "tick",
        [1, 2, 3, 4, 5, 6].map((k) => aTrade({ tid: `${early}-${k}`, conds })),
      );
      await s.clock.advance(early + 5);
      client.socket.isStalled = false;
      client.socket.drain();
    }
    await s.clock.advance(100);
    assertEquals(client.ids().length, 180);
    assertEquals([client.of("warning"), client.socket.closeCode], [[], undefined]);
  },
);

pure(
  "a client that was over the bound and has read everything is told so, though its stream is quiet",
  async () => {
    await using s = sessionScene();
    const client = await aStalledClient(s);
    for (let n = 0; n < 60; n++) client.say(again);
    for (let n = 0; n < 100; n++) await s.clock.advance(5);
    client.socket.isStalled = false;
    client.socket.drain();
    await s.clock.advance(40_000);
    assertEquals(client.of("warning").map(({ code }) => code), ["SLOW_CONSUMER", "RECOVERED"]);
    assertEquals(client.socket.closeCode, undefined);
  },
);

pure("a client that is told little is not asked how much it has waiting", async () => {
  await using s = sessionScene();
  const client = s.client();
  client.say({ action: "subscribe", symbols: ["*"] });
  await s.clock.advance(1000);
  let asked = 0;
  Object.defineProperty(client.socket, "bufferedAmount", { get: () => (asked++, 0) });
  await s.clock.advance(60_000);
  assertEquals([client.of("heartbeat").length, asked], [4, 0]);
});
