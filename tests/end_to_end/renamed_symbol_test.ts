/**
 * The upstream renames a symbol: for us the old one falls silent and another begins. Tried on the whole program against an upstream
 * that says what the test says, once with the symbols named by a universe and once with all of them.
 */
import { assert, assertEquals } from "@std/assert";
import type { WebSocket as ServerSocket } from "ws";
import { SocketClient } from "../edge/test_clients.ts";
import { startRunning } from "../support/running.ts";
import { until } from "../support/until.ts";
import { wireBar, wireTrade } from "../support/wire_factory.ts";
import { type WsUpstream, wsUpstream } from "../support/ws_upstream.ts";

const ADMIN_TOKEN = "operator-token-of-a-test";
const WITHIN_MS = 20_000;

interface Upstream extends AsyncDisposable {
  readonly url: string;
  /** Topics held now; sockets opened so far. */
  readonly held: ReadonlySet<string>;
  readonly sockets: readonly ServerSocket[];
  /** Sends these elements, whether they were asked for or not: `*` holds no topic of its own. */
  send(...elements: readonly Record<string, unknown>[]): void;
}

const status = (name: string, message: string) => JSON.stringify([{ ev: "status", status: name, message }]);

/** Lets everybody in and confirms everything. */
async function scriptedUpstream(): Promise<Upstream> {
  const held = new Set<string>();
  const sockets: ServerSocket[] = [];
  const server: WsUpstream = await wsUpstream((socket) => {
    sockets.push(socket);
    socket.send(status("connected", "Connected Successfully"));
    socket.on("message", (data) => {
      const { action, params } = JSON.parse(String(data));
      if (action === "auth") return socket.send(status("auth_success", "authenticated"));
      for (const topic of String(params).split(",")) {
        if (action === "subscribe") held.add(topic);
        else held.delete(topic);
        socket.send(status("success", `${action}d to: ${topic}`));
      }
    });
  });
  return {
    url: server.url,
    held,
    sockets,
    send: (...elements) => sockets.at(-1)?.send(JSON.stringify(elements)),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const environment = (upstream: Upstream, more: Record<string, string>) => ({
  MASSIVE_API_KEY: "key",
  MASSIVE_REALTIME_URL: upstream.url,
  TICK_EVENTS: "A,T",
  ADMIN_TOKEN,
  LOG_LEVEL: "error",
  ...more,
});

/** What the old name said last and the new one says first: alike but for the name. */
const lastWords = (sym: string) => [wireTrade({ sym, i: "7" }), wireBar({ sym, c: 296.4 })];

/** Symbols, types and corrections of all events, in order. */
const toldOf = (client: SocketClient) =>
  client.of("events").flatMap(({ events }) => Array.isArray(events) ? events : [])
    .map(({ sym, type, rev }) => `${type} ${sym}${rev === undefined ? "" : ` rev ${rev}`}`);

Deno.test("a renamed symbol is another symbol: unknown until the plan has it, then followed on the same socket, nothing of the old one its own", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  const universe = (...symbols: string[]) => Deno.writeTextFile(file, JSON.stringify({ list: symbols }));
  await universe("AAPL", "FB");
  await using upstream = await scriptedUpstream();
  await using running = await startRunning(
    environment(upstream, { UNIVERSES_FILE: file, SYMBOL_UNIVERSE_KEY: "list" }),
  );
  await until(() => upstream.held.has("T.FB") && upstream.held.has("A.FB"), "the subscription", WITHIN_MS);
  await using client = new SocketClient(running.base, "/ws/tick?symbols=AAPL,FB");
  await client.first("subscribed");
  upstream.send(...lastWords("FB"));
  await client.events(2);

  await client.say({ action: "subscribe", symbols: ["META"], id: "early" });
  const early = await client.first("error");
  assertEquals([early.code, early.id], ["UNKNOWN_SYMBOL", "early"]);
  await universe("AAPL", "META");
  const response = await fetch(`${running.base}/api/reload`, {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  const { added, removed } = await response.json();
  assertEquals([response.status, added, removed], [200, 1, 1]);
  await until(() => upstream.held.has("T.META") && !upstream.held.has("T.FB"), "the new topics", WITHIN_MS);
  assertEquals([...upstream.held].sort(), ["A.AAPL", "A.META", "T.AAPL", "T.META"]);
  assertEquals(upstream.sockets.length, 1, "no socket was made anew");

  // The edge reads the plan every few seconds.
  const isKnown = async () => {
    const answer = await fetch(`${running.base}/snapshot/tick?symbols=META`);
    await answer.body?.cancel();
    return answer.ok;
  };
  await until(isKnown, "the edge's new plan", WITHIN_MS);
  await client.say({ action: "subscribe", symbols: ["META"], id: "late" });
  await client.until("META followed", () => client.of("subscribed").some(({ id }) => id === "late"));
  upstream.send(...lastWords("META"), wireTrade({ sym: "AAPL", i: "8" }));
  const ids = await client.events(5);
  assertEquals(toldOf(client), ["trade FB", "second FB", "trade META", "second META", "trade AAPL"]);
  assertEquals(ids.map((id) => Number(id.split("-")[1])), [1, 2, 3, 4, 5]);
  await client.say({ action: "subscribe", symbols: ["FB"], id: "old" });
  await client.until("the refusal", () => client.of("error").some(({ id }) => id === "old"));
  assertEquals(client.of("error").find(({ id }) => id === "old")?.code, "UNKNOWN_SYMBOL");
  assertEquals(client.of("gap"), []);
  await Deno.remove(file);
});

Deno.test("with all symbols in the plan a renamed one comes by itself, to whoever asked for it before it was there too", async () => {
  await using upstream = await scriptedUpstream();
  await using running = await startRunning(environment(upstream, { TICK_SYMBOLS: "*" }));
  await until(() => upstream.held.has("T.*"), "the subscription", WITHIN_MS);
  await using all = new SocketClient(running.base, "/ws/tick?symbols=*");
  await using one = new SocketClient(running.base, "/ws/tick?symbols=META");
  for (const client of [all, one]) await client.first("subscribed");
  upstream.send(...lastWords("FB"));
  await all.events(2);
  upstream.send(...lastWords("META"));
  await all.events(4);
  await one.events(2);
  assertEquals(toldOf(all), ["trade FB", "second FB", "trade META", "second META"]);
  assertEquals(toldOf(one), ["trade META", "second META"]);
  assertEquals([...all.of("error"), ...one.of("error"), ...all.of("gap"), ...one.of("gap")], []);
  const latest = await (await fetch(`${running.base}/snapshot/tick?symbols=FB,META`)).json();
  assert(Array.isArray(latest.events));
  assertEquals(new Set(latest.events.map(({ sym }: { sym: string }) => sym)), new Set(["FB", "META"]));
});
