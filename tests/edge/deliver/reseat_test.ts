/** A stream that is split otherwise while clients wait, ask, or are given other rights. */
import { assert, assertEquals } from "@std/assert";
import type { FeedStore } from "../../../src/feed/store.ts";
import { symbolPatterns } from "../../../src/feed/symbol.ts";
import { anonymous, type Principal } from "../../../src/edge/admit/principal.ts";
import { aTrade } from "../../support/event_factory.ts";
import { sessionScene } from "../session_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const trades = (sym: string, count: number, t: number) =>
  Array.from({ length: count }, (_, n) => aTrade({ sym, tid: `${t}-${n}`, t: t + n }));

const planOf = (lists: number): string =>
  JSON.stringify({
    at: lists,
    streams: { tick: { symbols: ["*"], lists }, minute: { symbols: ["*"], lists: 1 } },
    markets: ["stocks"],
    simulated: false,
  });

/** A store whose reads of some lists hang while it is shut. */
class Shutter {
  #gate: PromiseWithResolvers<void> | undefined;

  constructor(readonly hangs: (list: string) => boolean) {}

  shut(): void {
    this.#gate = Promise.withResolvers();
  }

  open(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  readonly wrap = (store: FeedStore): FeedStore =>
    new Proxy(store, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== "function") return value;
        if (key !== "readTail" && key !== "readLatest") return value.bind(target);
        return (...args: readonly unknown[]) => {
          const isHanging = this.#gate !== undefined && args.some((arg) => this.hangs(listOf(arg)));
          return isHanging
            ? this.#gate?.promise.then(() => value.apply(target, args))
            : value.apply(target, args);
        };
      },
    });
}

function listOf(arg: unknown): string {
  if (typeof arg === "string") return arg;
  return typeof arg === "object" && arg !== null && "list" in arg ? String(arg.list) : "";
}

/** A client that has its stream in one list, and the same stream in two lists that can't be read yet. */
async function beingReseated(gate?: Parameters<typeof sessionScene>[0]) {
  const shutter = new Shutter((list) => list.startsWith("tick."));
  const scene = sessionScene({ wrapStore: shutter.wrap, ...gate });
  const { rig, clock } = scene;
  await rig.store.writeNote("plan", planOf(1), undefined);
  const client = scene.clientOf(anonymous("premium"), ["tick"]);
  client.say({ action: "subscribe", symbols: ["AAPL"] });
  await clock.advance(50);
  await rig.writer.append("tick", trades("AAPL", 3, 1_000));
  await clock.advance(100);
  assertEquals(client.ids().length, 3);
  shutter.shut();
  await rig.store.writeNote("plan", planOf(2), undefined);
  await clock.advance(6_000);
  // Somebody asks, so that the plan is read again.
  const other = scene.client("premium", ["minute"]);
  other.say({ action: "subscribe", symbols: ["*"] });
  await clock.advance(100);
  assertEquals(rig.edge.core.feeds.get("tick")?.log.lists, ["tick.0", "tick.1"]);
  const goOn = async () => {
    shutter.open();
    await clock.advance(3_000);
    const before = client.ids().length;
    await rig.writer.append("tick.0", trades("AAPL", 5, 5_000));
    await rig.writer.append("tick.1", trades("MSFT", 5, 6_000));
    await clock.advance(3_000);
    return client.ids().slice(before);
  };
  return { scene, client, other, goOn };
}

pure(
  "a subscribe to a stream that is being split otherwise adds to what is held, and nothing comes twice",
  async () => {
    for (const [symbols, expected] of [[["*"], 10], [["MSFT"], 10]] as const) {
      const { scene, client, other, goOn } = await beingReseated();
      await using _scene = scene;
      client.say({ action: "subscribe", symbols });
      await scene.clock.advance(100);
      const ids = await goOn();
      assertEquals([ids.length, new Set(ids).size], [expected, expected]);
      assert(client.of("gap").length > 0, "what nobody can count is told");
      const { core } = scene.rig.edge;
      const feed = core.feeds.get("tick");
      assert(feed);
      client.handlers.onClose();
      other.handlers.onClose();
      assertEquals([[...core.schedule.followersOf(feed)].length, feed.selections.size], [0, 0]);
    }
  },
);

pure("a token with fewer rights, sent while its stream is being split otherwise, is held to", async () => {
  const narrow: Principal = { ...anonymous("premium"), symbols: symbolPatterns(["MSFT"]) };
  const { scene, client, goOn } = await beingReseated({
    gate: {
      admit: () => ({ principal: anonymous("premium"), headers: undefined }),
      authenticate: () => Promise.resolve(narrow),
    },
  });
  await using _scene = scene;
  client.say({ action: "auth", token: "another" });
  await scene.clock.advance(100);
  assertEquals(await goOn(), []);
  assertEquals([client.of("authenticated").length, client.of("error").at(-1)?.code], [1, "FORBIDDEN"]);
});

pure("an unsubscribe from a stream that is being split otherwise ends it", async () => {
  const { scene, client, goOn } = await beingReseated();
  await using _scene = scene;
  client.say({ action: "unsubscribe" });
  await scene.clock.advance(100);
  assertEquals(await goOn(), []);
  assertEquals(client.of("unsubscribed").at(-1)?.streams, []);
});

pure(
  "a client that waits for a stream's first read, or for a snapshot, when the split changes gets the new lists",
  async () => {
    for (const snapshot of [false, true]) {
      const shutter = new Shutter((list) => list === "tick");
      await using scene = sessionScene({ wrapStore: shutter.wrap });
      const { rig, clock } = scene;
      await rig.store.writeNote("plan", planOf(1), undefined);
      const other = scene.client("premium", [snapshot ? "tick" : "minute"]);
      other.say({ action: "subscribe", symbols: ["*"] });
      await clock.advance(100);
      shutter.shut();
      const client = scene.client();
      client.say({ action: "subscribe", symbols: ["*"], snapshot });
      await clock.advance(100);
      await rig.store.writeNote("plan", planOf(2), undefined);
      await clock.advance(31_000);
      shutter.open();
      await clock.advance(3_000);
      await rig.writer.append("tick.0", trades("AAPL", 5, 5_000));
      await rig.writer.append("tick.1", trades("MSFT", 5, 6_000));
      await clock.advance(31_000);
      assertEquals([client.ids().length, client.of("error").length], [10, 0], `snapshot ${snapshot}`);
      for (const one of [client, other]) one.handlers.onClose();
    }
  },
);
