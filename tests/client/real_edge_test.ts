import { assert, assertEquals } from "@std/assert";
import type { Transport } from "../../src/client/link.ts";
import { Tickcast } from "../../src/client/tickcast.ts";
import { startRunning } from "../support/running.ts";
import { until } from "./next.ts";

/** Seeded, small and quick: the whole program with its simulator in this process. */
const ENVIRONMENT = { SIMULATOR_SYMBOLS: "40", SIMULATOR_SEED: "3", LOG_LEVEL: "error" };

Deno.test("on the real edge three clients on three transports see the same events once each, in order, through drops", async () => {
  await using running = await startRunning(ENVIRONMENT);
  const transports: readonly Transport[] = ["websocket", "sse", "poll"];
  const clients = transports.map((transport) => {
    const ids: string[] = [];
    const values: unknown[] = [];
    const errors: string[] = [];
    const client = new Tickcast(running.base, {
      transports: [transport],
      platform: { random: () => 0.02 },
      onError: ({ code, message }) => errors.push(`${code} ${message}`),
    });
    client.subscribe({ streams: ["tick"], cursor: "earliest" }, {
      onEvents: ({ events }) => ids.push(...events.map(({ id }) => id)) && values.push(...events),
    });
    return { client, ids, values, errors };
  });
  await Promise.all(clients.map(({ client }) => client.connect()));
  await until("a hundred each", () => clients.every(({ ids }) => ids.length > 100));
  for (const { client } of clients) client.disconnect();
  const standing = async (): Promise<string> =>
    (await (await fetch(`${running.base}/snapshot/tick?symbols=AAPL`)).json()).cursor;
  const before = await standing();
  await until("events while nobody is there", async () => await standing() !== before);
  for (const { client } of clients) void client.connect();
  await until("three hundred each", () => clients.every(({ ids }) => ids.length > 300));
  const count = Math.min(...clients.map(({ ids }) => ids.length));
  const [first] = clients;
  for (const { ids, values, errors, client } of clients) {
    assertEquals(ids.slice(0, count), first?.ids.slice(0, count));
    assertEquals(values.slice(0, count), first?.values.slice(0, count));
    assertEquals(errors, []);
    assertEquals([client.stats.repeats, client.stats.garbage, client.stats.gaps], [0, 0, 0]);
  }
  for (const { client } of clients) client[Symbol.dispose]();
});

Deno.test("on the real edge snapshots, changes of symbols, history, states and errors are as the client expects", async () => {
  await using running = await startRunning(ENVIRONMENT);
  const errors: string[] = [];
  const seen = new Set<string>();
  const recent: string[] = [];
  let snapshots = 0;
  using client = new Tickcast(running.base, { onError: ({ code }) => errors.push(code) });
  await client.connect();
  const all = client.subscribe({ streams: ["tick"], mode: "latest", maxHz: 20, snapshot: true }, {
    onSnapshot: () => snapshots++,
    onEvents: ({ events }) => events.forEach(({ sym }) => seen.add(sym) && recent.push(sym)),
  });
  await until("symbols", () => seen.size >= 4);
  const [one = "", two = ""] = [...seen];
  all.change({ symbols: [one] });
  const lastSyms = () => new Set(recent.slice(-5));
  await until("nothing but one", () => recent.length >= 5 && lastSyms().size === 1 && lastSyms().has(one));
  const count = recent.length;
  await until("more of it", () => recent.length >= count + 5);
  assertEquals(new Set(recent.slice(count)), new Set([one]));
  all.change({ symbols: [two] });
  await until("events of another", () => recent.slice(count).includes(two));
  assertEquals([snapshots > 0, errors], [true, []]);
  const counts: number[] = [];
  for await (const { events } of client.history({ stream: "tick", symbols: [one] })) {
    counts.push(events.length);
    assert(events.every(({ sym }) => sym === one));
  }
  assert(counts.reduce((sum, count) => sum + count, 0) > 0);
  await until("states", () => client.streamStates.tick);
  await until("a round trip", () => client.stats.roundTripMs !== undefined);
  client.subscribe({ streams: ["tick"], symbols: ["not a symbol!"] });
  await until("the refusal", () => errors.length > 0);
  assertEquals(client.status.state, "open");
  assert(errors.every((code) => code === "BAD_SYMBOL" || code === "UNKNOWN_SYMBOL"), errors.join());
});
