/** The tab that leads goes, and what happens before the next has heard from the others. */
import { assertEquals } from "@std/assert";
import { type ChannelLike, type SharePlatform, shareTabs } from "../../src/client/share_tabs.ts";
import { Tickcast } from "../../src/client/tickcast.ts";
import { FakeEdge } from "./fake_edge.ts";
import { until } from "./next.ts";

/** Locks and channels of one origin, a few milliseconds apart as processes are. */
class Origin implements SharePlatform {
  readonly #all = new Set<ChannelLike>();
  #lock: Promise<void> = Promise.resolve();

  channel = (): ChannelLike => {
    const own: ChannelLike = {
      onmessage: null,
      postMessage: (message) => {
        const data = structuredClone(message);
        for (const each of this.#all) {
          if (each !== own) setTimeout(() => this.#all.has(each) && each.onmessage?.({ data }), 10);
        }
      },
      close: () => void this.#all.delete(own),
    };
    this.#all.add(own);
    return own;
  };

  lock = (_name: string, signal: AbortSignal, hold: () => Promise<void>): Promise<void> =>
    this.#lock = this.#lock.then(() => signal.aborted ? undefined : hold());
}

const append = (edge: FakeEdge, ...prices: number[]) => {
  for (const price of prices) {
    for (const sym of ["MSFT", "AAPL"]) edge.append("tick", { type: "trade", sym, price });
  }
};

Deno.test("an event stream that the next tab takes over leaves out nothing of what the others want", async () => {
  await takeOver();
  // The last goodbyes.
  await new Promise((resolve) => setTimeout(resolve, 50));
});

async function takeOver(): Promise<void> {
  await using edge = new FakeEdge();
  const origin = new Origin();
  const aTab = async (sym: string) => {
    const prices: number[] = [];
    const client = new Tickcast(edge.url, {
      platform: { random: () => 0.02 },
      transports: ["sse"],
      share: shareTabs("test", origin),
    });
    client.subscribe({ streams: ["tick"], symbols: [sym] }, {
      onEvents: ({ events }) => events.forEach((event) => event.type === "trade" && prices.push(event.price)),
    });
    await client.connect();
    await until("a cursor", () => client.cursor);
    return { client, prices, [Symbol.dispose]: () => client[Symbol.dispose]() };
  };
  const first = await aTab("AAPL");
  using second = await aTab("AAPL");
  using third = await aTab("MSFT");
  // Until all of it is asked for.
  await until("MSFT", () => edge.requests.some((request) => request.includes("MSFT")));
  await new Promise((resolve) => setTimeout(resolve, 300));
  append(edge, 1);
  await until("all three", () => [first, second, third].every(({ prices }) => prices.length === 1));
  first[Symbol.dispose]();
  append(edge, 2, 3);
  await until("the rest", () => second.prices.length === 3);
  append(edge, 4);
  await until("the fourth", () => third.prices.at(-1) === 4);
  assertEquals([second.prices, third.prices], [[1, 2, 3, 4], [1, 2, 3, 4]]);
}
