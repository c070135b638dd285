/** A command that waits for a store: what flows meanwhile, and what may be said meanwhile. */
import { assertEquals } from "@std/assert";
import { anonymous, type Principal } from "../../../src/edge/admit/principal.ts";
import { TickcastError } from "../../../src/feed/error.ts";
import type { FeedStore } from "../../../src/feed/store.ts";
import { symbolPatterns } from "../../../src/feed/symbol.ts";
import { aTrade } from "../../support/event_factory.ts";
import { sessionScene } from "../session_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

/** A store whose reads of one list hang until it is opened. */
function hangingAt(list: string) {
  const gate = Promise.withResolvers<void>();
  const wrapStore = (store: FeedStore): FeedStore => ({
    ...store,
    readTail: async (...args) => {
      if (args[0] === list) await gate.promise;
      return await store.readTail(...args);
    },
  });
  return { wrapStore, open: () => gate.resolve() };
}

pure(
  "nothing of a subscribe flows before subscribed, though it adds to a stream that flows already",
  async () => {
    const { wrapStore, open } = hangingAt("minute");
    await using s = sessionScene({ wrapStore });
    const client = s.client();
    client.say({ action: "subscribe", symbols: ["AAPL"] });
    await s.clock.advance(500);
    client.say({ action: "subscribe", streams: ["tick", "minute"], symbols: ["MSFT"], id: 2 });
    await s.clock.advance(100);
    const append = (tid: string) =>
      s.rig.writer.append("tick", [aTrade({ sym: "MSFT", tid }), aTrade({ sym: "AAPL", tid })]);
    await append("1");
    await s.clock.advance(500);
    open();
    await s.clock.advance(500);
    await append("2");
    await s.clock.advance(500);
    const told = client.socket.read.slice(1).map(({ type, events }) =>
      Array.isArray(events) ? events.map(({ sym }) => sym).join() : type
    );
    assertEquals(told, ["subscribed", "AAPL", "subscribed", "MSFT,AAPL"]);
  },
);

/** One whose token ends after 30 s, and whose subscribe waits for a store that does not answer; then it sends `token`. */
async function renewing(token: Partial<Principal> | "false") {
  const { wrapStore, open } = hangingAt("minute");
  const scene = sessionScene({
    wrapStore,
    gate: {
      admit: () => ({ principal: anonymous("premium"), headers: undefined }),
      authenticate: () =>
        token === "false"
          ? Promise.reject(new TickcastError("UNAUTHORIZED", "Cannot take a token as the test says so"))
          : Promise.resolve({ ...held, expiresAtMs: scene.clock.now() + 3_600_000, ...token }),
    },
  });
  const held = { ...anonymous("premium"), subject: "a", symbols: symbolPatterns(["AAPL", "MSFT"]) };
  const client = scene.clientOf({ ...held, expiresAtMs: scene.clock.now() + 30_000 }, ["minute"]);
  client.say({ action: "subscribe", symbols: ["AAPL"], id: 1 });
  await scene.clock.advance(10_000);
  client.say({ action: "auth", token: "another", id: 2 });
  client.say({ action: "subscribe", symbols: ["MSFT"], id: 3 });
  await scene.clock.advance(10_000);
  const answers = () => client.socket.read.flatMap(({ type, id }) => id === undefined ? [] : `${type} ${id}`);
  const stop = async () => {
    open();
    await scene[Symbol.asyncDispose]();
  };
  return { ...scene, client, open, answers, [Symbol.asyncDispose]: stop };
}

pure(
  "a token renewed while a command waits for a store keeps its session, and is answered in its turn",
  async () => {
    await using s = await renewing({});
    const { client, open, answers } = s;
    await s.clock.advance(40_000);
    assertEquals([client.socket.closeCode, answers()], [undefined, []]);
    open();
    await s.clock.advance(500);
    assertEquals(answers(), ["subscribed 1", "authenticated 2", "subscribed 3"]);
    assertEquals([client.of("error"), client.socket.closeCode], [[], undefined]);
  },
);

pure(
  "a token with other rights has to wait its turn: the session ends with the token before it",
  async () => {
    for (
      const other of [{ symbols: symbolPatterns(["AAPL"]) }, { tier: "free" }, {
        streams: new Set<string>(),
      }] as const
    ) {
      await using s = await renewing(other);
      const { client } = s;
      assertEquals(client.socket.closeCode, undefined);
      await s.clock.advance(11_000);
      assertEquals([client.of("error").map(({ code }) => code), client.socket.closeCode], [
        ["AUTH_EXPIRED"],
        4004,
      ]);
    }
  },
);

pure("a token that is false is refused in its turn, and one whose client has left is nobody's", async () => {
  await using s = await renewing("false");
  assertEquals([s.client.socket.closeCode, s.answers()], [undefined, []]);
  s.open();
  await s.clock.advance(500);
  assertEquals(s.answers(), ["subscribed 1", "error 2", "subscribed 3"]);
  await using gone = await renewing("false");
  gone.client.handlers.onClose();
  await gone.clock.advance(500);
  assertEquals(gone.answers(), []);
});
