/** A tab that comes with a cursor of its own, while the tab that leads has not heard of it yet. */
import { assertEquals } from "@std/assert";
import { type ChannelLike, type SharePlatform, shareTabs } from "../../src/client/share_tabs.ts";
import { Tickcast } from "../../src/client/tickcast.ts";
import { FakeEdge } from "./fake_edge.ts";
import { until } from "./next.ts";

/** Locks and channels of one origin; what is posted is kept back while `isHeld`. */
class Origin implements SharePlatform {
  readonly #all = new Set<ChannelLike>();
  #lock: Promise<void> = Promise.resolve();
  isHeld = false;
  readonly #kept: (() => void)[] = [];

  channel = (): ChannelLike => {
    const isSlow = this.#all.size > 0;
    const own: ChannelLike = {
      onmessage: null,
      postMessage: (message) => {
        const data = structuredClone(message);
        const give = () => {
          for (const each of this.#all) if (each !== own) each.onmessage?.({ data });
        };
        if (isSlow && this.isHeld) this.#kept.push(give);
        else queueMicrotask(give);
      },
      close: () => void this.#all.delete(own),
    };
    this.#all.add(own);
    return own;
  };

  release(): void {
    this.isHeld = false;
    for (const give of this.#kept.splice(0)) give();
  }

  lock = (_name: string, signal: AbortSignal, hold: () => Promise<void>): Promise<void> =>
    this.#lock = this.#lock.then(() => signal.aborted ? undefined : hold());
}

const append = (edge: FakeEdge, ...prices: number[]) => {
  for (const price of prices) {
    for (const sym of ["AAPL", "MSFT"]) edge.append("tick", { type: "trade", sym, price });
  }
};

function tabsOf(edge: FakeEdge, origin: Origin) {
  return (
    sym: string,
    options: { readonly cursor?: string } = {},
    from: { readonly cursor?: string } = {},
  ) => {
    const prices: number[] = [];
    const client = new Tickcast(edge.url, {
      platform: { random: () => 0.02 },
      share: shareTabs("test", origin),
      ...options,
    });
    client.subscribe({ streams: ["tick"], symbols: [sym], ...from }, {
      onEvents: ({ events }) => events.forEach((event) => event.type === "trade" && prices.push(event.price)),
    });
    return { client, prices, [Symbol.dispose]: () => client[Symbol.dispose]() };
  };
}

Deno.test("a tab that comes with an older cursor gets all from there, though it hears others' events before it is heard", async () => {
  await using edge = new FakeEdge();
  const origin = new Origin();
  append(edge, 1, 2);
  const aTab = tabsOf(edge, origin);
  using first = aTab("AAPL");
  await first.client.connect();
  await until("a cursor", () => first.client.cursor);
  origin.isHeld = true;
  using second = aTab("MSFT", { cursor: "tick:k0000001-0" });
  void second.client.connect();
  await new Promise((resolve) => setTimeout(resolve, 20));
  append(edge, 3);
  await until("the third", () => first.prices.length === 1);
  origin.release();
  append(edge, 4);
  await until("the fourth", () => second.prices.at(-1) === 4 && first.prices.at(-1) === 4);
  assertEquals([first.prices, second.prices], [[3, 4], [1, 2, 3, 4]]);
});

Deno.test("a tab that asks for all that is held gets it, though another's connection follows the stream already", async () => {
  await using edge = new FakeEdge();
  const aTab = tabsOf(edge, new Origin());
  append(edge, 1, 2);
  using first = aTab("AAPL");
  await first.client.connect();
  await until("a cursor", () => first.client.cursor);
  append(edge, 3);
  await until("the third", () => first.prices.length === 1);
  using second = aTab("MSFT", {}, { cursor: "earliest" });
  await second.client.connect();
  await until("the past", () => second.prices.length === 3);
  append(edge, 4);
  await until("the fourth", () => second.prices.at(-1) === 4 && first.prices.at(-1) === 4);
  assertEquals([first.prices, second.prices], [[3, 4], [1, 2, 3, 4]]);
});
