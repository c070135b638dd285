/** The client through what an edge goes through: draining, tokens that end, sockets switched off, lists that run away. */
import { assert, assertEquals } from "@std/assert";
import { SignJWT } from "jose";
import type { ClientError } from "../../src/client/failure.ts";
import type { Transport } from "../../src/client/link.ts";
import type { GapNotice } from "../../src/client/message.ts";
import type { TickcastOptions } from "../../src/client/options.ts";
import { Tickcast } from "../../src/client/tickcast.ts";
import { RENEW_MIN_MS } from "../../src/client/token_keeper.ts";
import { systemClock } from "../../src/feed/clock.ts";
import type { EdgeSettings } from "../../src/feed/settings/settings.ts";
import { MemoryState } from "../../src/store/memory/memory_state.ts";
import { edgeRig, type Rig } from "../edge/edge_rig.ts";
import { aHeatmap, aTrade } from "../support/event_factory.ts";
import { AUDIENCE, ISSUER, JWT_SECRET, secretSettings } from "../support/token_factory.ts";
import { until } from "./next.ts";

const TRANSPORTS: readonly Transport[] = ["websocket", "sse", "poll"];

interface Scene extends AsyncDisposable {
  readonly rig: Rig;
  readonly base: string;
}

async function serve(settings: Partial<EdgeSettings> = {}, state?: MemoryState): Promise<Scene> {
  const rig = edgeRig({ settings, ...(state && { state }) });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  return { rig, base: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

interface Taken extends Disposable {
  readonly client: Tickcast;
  readonly prices: number[];
  readonly gaps: GapNotice[];
  readonly errors: ClientError[];
}

function take(base: string | string[], options: TickcastOptions): Taken {
  const [prices, gaps, errors]: [number[], GapNotice[], ClientError[]] = [[], [], []];
  const client = new Tickcast(base, {
    platform: { random: () => 0.02 },
    onError: (error) => errors.push(error),
    ...options,
  });
  client.subscribe({ streams: ["tick"] }, {
    onEvents: ({ events }) => events.forEach((event) => event.type === "trade" && prices.push(event.price)),
    onGap: (gap) => gaps.push(gap),
  });
  client.connect().catch(() => {});
  return { client, prices, gaps, errors, [Symbol.dispose]: () => client[Symbol.dispose]() };
}

/** Trades whose prices are `from … to`. */
const trades = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => aTrade({ price: from + n, tid: String(from + n) }));
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

Deno.test("when its edge drains, a client goes on at the next where it stopped, over every transport", async () => {
  const state = new MemoryState(systemClock);
  await using first = await serve({}, state);
  await using second = await serve({}, state);
  const clients = TRANSPORTS.map((transport) => take([first.base, second.base], { transports: [transport] }));
  using stack = new DisposableStack();
  for (const each of clients) stack.use(each);
  await until("cursors", () => clients.every(({ client }) => client.cursor !== ""));
  const { writer } = second.rig;
  await writer.append("tick", trades(1, 20));
  await until("twenty", () => clients.every(({ prices }) => prices.length === 20));
  const draining = first.rig.edge.drain();
  await writer.append("tick", trades(21, 40));
  await draining;
  await writer.append("tick", trades(41, 60));
  await until("sixty", () => clients.every(({ prices }) => prices.length >= 60));
  for (const { prices, gaps, errors, client } of clients) {
    assertEquals([prices, gaps, client.stats.repeats], [upTo(60), [], 0]);
    assert(errors.every(({ fatal }) => !fatal));
  }
});

Deno.test("what ran away from a client is told to the event, over every transport", async () => {
  await using scene = await serve({ ringBytes: 1 });
  const clients = TRANSPORTS.map((transport) => take(scene.base, { transports: [transport] }));
  using stack = new DisposableStack();
  for (const each of clients) stack.use(each);
  await until("cursors", () => clients.every(({ client }) => client.cursor !== ""));
  const { writer } = scene.rig;
  await writer.append("tick", trades(1, 10));
  await until("ten", () => clients.every(({ prices }) => prices.length === 10));
  for (const { client } of clients) client.disconnect();
  for (let from = 11; from < 3000; from += 500) await writer.append("tick", trades(from, from + 499));
  for (const { client } of clients) void client.connect();
  await until("the last", () => clients.every(({ prices }) => prices.at(-1) === 3010));
  for (const { prices, gaps } of clients) {
    // One gap; two where the edge read the list in between and was overtaken again before it could send.
    assert(gaps.length > 0 && gaps.every(({ cause }) => cause === "evicted" || cause === "slow"));
    const lost = gaps.reduce((sum, gap) => sum + (gap.lost ?? NaN), 0);
    assertEquals(prices.length + lost, 3010);
    assertEquals(prices, [...new Set(prices)].sort((one, other) => one - other));
  }
});

Deno.test("an edge without WebSocket is followed as an event stream at once, and the reason is told", async () => {
  await using scene = await serve({ wsEnabled: false });
  using taken = take(scene.base, {});
  await until("open", () => taken.client.status.state === "open" && taken.client.cursor);
  await scene.rig.writer.append("tick", trades(1, 3));
  await until("three", () => taken.prices.length === 3);
  const { status } = taken.client;
  assertEquals(status.state === "open" && status.transport, "sse");
  assertEquals(taken.errors.map(({ code, fatal }) => [code, fatal]), [["WS_DISABLED", false]]);
});

Deno.test("heatmaps come as a snapshot first and each later one as another, over every transport", async () => {
  await using scene = await serve();
  await scene.rig.writer.append("heatmap", [aHeatmap({ hash: "a" })]);
  using stack = new DisposableStack();
  const told = TRANSPORTS.map((transport) => {
    const hashes: string[] = [];
    const client = stack.use(
      new Tickcast(scene.base, { transports: [transport], platform: { random: () => 0.02 } }),
    );
    client.subscribe({ streams: ["heatmap"] }, {
      onSnapshot: ({ events }) => hashes.push(...events.map(({ hash }) => hash)),
    });
    void client.connect();
    return hashes;
  });
  await until("the first", () => told.every((hashes) => hashes.length === 1));
  await scene.rig.writer.append("heatmap", [aHeatmap({ hash: "b" })]);
  await until("the second", () => told.every((hashes) => hashes.length === 2));
  assertEquals(told, TRANSPORTS.map(() => ["a", "b"]));
});

const tokenFor = (ms: number, claims: Record<string, unknown> = {}): Promise<string> =>
  new SignJWT({ sub: "user-1", tier: "premium", ...claims, exp: (Date.now() + ms) / 1000 })
    .setProtectedHeader({ alg: "HS256" }).setIssuer(ISSUER).setAudience(AUDIENCE)
    .sign(new TextEncoder().encode(JWT_SECRET));

Deno.test("a token is refused with words, taken, and renewed before it ends without a break, over every transport", async () => {
  await using scene = await serve({ authMode: "jwt", jwt: secretSettings });
  const good = await tokenFor(3_600_000);
  // Renewed 30 s before the end but not sooner than after 5 s, which here pass in 100 ms once the connection is open. Nothing
  // else is hurried: what a connection is given to come about has to do for a busy machine.
  const short = await tokenFor(34_000);
  using stack = new DisposableStack();
  await Promise.all(TRANSPORTS.map(async (transport) => {
    const transports = [transport];
    const refused = stack.use(take(scene.base, { transports, token: "nonsense" }));
    await until("the refusal", () => refused.client.status.state === "closed");
    assertEquals(refused.errors.map(({ code, fatal }) => [code, fatal]), [["UNAUTHORIZED", true]]);
    let asked = 0;
    const timer = (ms: number, fn: () => void): () => void => {
      if (ms !== RENEW_MIN_MS) {
        const id = setTimeout(fn, ms);
        return () => clearTimeout(id);
      }
      const id = setInterval(() => {
        if (taken.client.status.state !== "open") return;
        clearInterval(id);
        fn();
      }, ms / 50);
      return () => clearInterval(id);
    };
    const taken: Taken = stack.use(take(scene.base, {
      transports,
      token: () => asked++ === 0 ? short : good,
      platform: { random: () => 0.02, ...(transport === "websocket" && { timer }) },
    }));
    await until("a cursor", () => taken.client.cursor);
    if (transport !== "websocket") return;
    await until("the renewal", () => asked === 2);
    await scene.rig.writer.append("tick", trades(1, 3));
    await until("three", () => taken.prices.length === 3);
    assertEquals([taken.errors, taken.client.stats.garbage], [[], 0]);
  }));
});

Deno.test("what a token does not allow is told, and what it does goes on, over every transport", async () => {
  await using scene = await serve({ authMode: "jwt", jwt: secretSettings });
  const token = await tokenFor(3_600_000, { streams: ["tick"] });
  using stack = new DisposableStack();
  const clients = TRANSPORTS.map((transport) =>
    stack.use(take(scene.base, { transports: [transport], token }))
  );
  await until("cursors", () => clients.every(({ client }) => client.cursor !== ""));
  for (const { client } of clients) client.subscribe({ streams: ["fmv"] });
  await until(
    "refusals",
    () => clients.every(({ errors }) => errors.some(({ code }) => code === "FORBIDDEN")),
  );
  await scene.rig.writer.append("tick", trades(1, 3));
  await until("three", () => clients.every(({ prices }) => prices.length === 3));
  assert(clients.every(({ errors, client }) => errors.length === 1 && client.status.state === "open"));
});
