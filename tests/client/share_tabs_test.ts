import { assertEquals } from "@std/assert";
import { type ChannelLike, type SharePlatform, shareTabs } from "../../src/client/share_tabs.ts";
import { Tickcast } from "../../src/client/tickcast.ts";
import { FakeEdge } from "./fake_edge.ts";
import { until } from "./next.ts";

/** Locks and channels of one origin, as browsers have them: messages are copied and come a turn later. */
class Origin implements SharePlatform {
  readonly #channels = new Map<string, Set<ChannelLike>>();
  readonly #queues = new Map<string, Promise<void>>();

  channel = (name: string): ChannelLike => {
    const all = this.#channels.get(name) ?? new Set<ChannelLike>();
    this.#channels.set(name, all);
    const own: ChannelLike = {
      onmessage: null,
      postMessage: (message) => {
        const copy = structuredClone(message);
        for (const each of all) {
          if (each !== own) queueMicrotask(() => all.has(each) && each.onmessage?.({ data: copy }));
        }
      },
      close: () => void all.delete(own),
    };
    all.add(own);
    return own;
  };

  lock = (name: string, signal: AbortSignal, hold: () => Promise<void>): Promise<void> => {
    const before = this.#queues.get(name) ?? Promise.resolve();
    const turn = before.then(() => signal.aborted ? undefined : hold());
    this.#queues.set(name, turn);
    return turn;
  };
}

interface Tab extends Disposable {
  readonly client: Tickcast;
  readonly prices: number[];
}

function aTab(edge: FakeEdge, origin: Origin, sym: string): Tab {
  const prices: number[] = [];
  const client = new Tickcast(edge.url, {
    platform: { random: () => 0.02 },
    share: shareTabs("test", origin),
  });
  client.subscribe({ streams: ["tick"], symbols: [sym] }, {
    onEvents: ({ events }) => events.forEach((event) => event.type === "trade" && prices.push(event.price)),
  });
  return { client, prices, [Symbol.dispose]: () => client[Symbol.dispose]() };
}

const append = (edge: FakeEdge, ...prices: number[]) => {
  for (const price of prices) {
    for (const sym of ["AAPL", "MSFT"]) edge.append("tick", { type: "trade", sym, price });
  }
};

Deno.test("tabs share one connection, each gets its own symbols, and the next takes over without a hole", async () => {
  await using edge = new FakeEdge();
  const origin = new Origin();
  const first = aTab(edge, origin, "AAPL");
  await first.client.connect();
  using second = aTab(edge, origin, "MSFT");
  await second.client.connect();
  await until("both symbols to be asked for", () => JSON.stringify(edge.commands).includes("MSFT"));
  await until("the second's cursor", () => second.client.cursor);
  append(edge, 1, 2);
  await until("both", () => first.prices.length === 2 && second.prices.length === 2);
  assertEquals(edge.sockets.size, 1);
  first[Symbol.dispose]();
  append(edge, 3);
  await until("the third", () => second.prices.length === 3);
  append(edge, 4);
  await until("the fourth", () => second.prices.length === 4);
  assertEquals(second.prices, [1, 2, 3, 4]);
  assertEquals(first.prices, [1, 2]);
  // The end of the first tab's connection comes on its own way.
  await until("one connection", () => edge.sockets.size === 1);
});

Deno.test("a shared connection that breaks is replaced, by whichever tab is next, and no tab loses anything", async () => {
  await using edge = new FakeEdge();
  const origin = new Origin();
  using first = aTab(edge, origin, "AAPL");
  using second = aTab(edge, origin, "MSFT");
  await Promise.all([first.client.connect(), second.client.connect()]);
  await until(
    "cursors",
    () => first.client.cursor && second.client.cursor && JSON.stringify(edge.commands).includes("MSFT"),
  );
  append(edge, 1);
  await until("both", () => first.prices.length === 1 && second.prices.length === 1);
  edge.cut();
  append(edge, 2, 3);
  await until("the rest", () => first.prices.length === 3 && second.prices.length === 3);
  assertEquals([first.prices, second.prices], [[1, 2, 3], [1, 2, 3]]);
  await until("one connection", () => edge.sockets.size === 1);
});

Deno.test("what a tab of another release says is left aside, by the tab that leads and by those that listen", async () => {
  await using edge = new FakeEdge();
  const origin = new Origin();
  using first = aTab(edge, origin, "AAPL");
  await first.client.connect();
  using second = aTab(edge, origin, "MSFT");
  await second.client.connect();
  const other = origin.channel("tickcast:test");
  const odd = [
    null,
    5,
    "who",
    [],
    {},
    { kind: "message" },
    { kind: "message", message: 5 },
    { kind: "wants" },
    {
      kind: "wants",
      tab: "x",
      wants: {},
      cursor: 7,
    },
    { kind: "bye" },
    { kind: "dance" },
    { kind: "message", message: { type: "unheard of" } },
  ];
  for (const note of odd) other.postMessage(note);
  await until("both symbols to be asked for", () => JSON.stringify(edge.commands).includes("MSFT"));
  append(edge, 1, 2);
  await until("both", () => first.prices.length === 2 && second.prices.length === 2);
  other.close();
  assertEquals([first.client.stats.garbage, second.client.stats.garbage, edge.sockets.size], [0, 0, 1]);
});
