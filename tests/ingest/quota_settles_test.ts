/**
 * Fewer slots than programs, or than connections of our own: whoever the service turns away, ingest does not fight for the slot.
 * Beside the official Massive client it is connected again in the end; of its own connections the first stay. Time runs
 * fifteen times as fast, and the market is a quiet one: a machine with little left for this test must keep up with it.
 */
import { websocketClient } from "@massive.com/client-js";
import { assert, assertEquals } from "@std/assert";
import { QUOTA_POLICIES } from "../../src/simulator/protocol/accounts.ts";
import { flowing, simulatedIngest, until } from "../support/simulated_ingest.ts";

const FACTOR = 15;
const MARKET = { symbols: 6, cryptoPairs: 0, rate: 5 };

/** An official client that subscribes once it is in, and stays away when it is thrown out (it has no reconnect). */
class Official implements AsyncDisposable {
  readonly statuses: string[] = [];
  events = 0;
  readonly #socket: ReturnType<ReturnType<typeof websocketClient>["stocks"]>;
  readonly #closed = Promise.withResolvers<void>();

  constructor(url: string) {
    this.#socket = websocketClient("simulator", url).stocks();
    this.#socket.onclose = () => this.#closed.resolve();
    this.#socket.onmessage = ({ data }: { readonly data: unknown }) => {
      for (const element of JSON.parse(String(data))) {
        if (element.ev !== "status") this.events++;
        else this.statuses.push(element.status);
        if (element.status === "auth_success") {
          this.#socket.send(JSON.stringify({ action: "subscribe", params: "T.*" }));
        }
      }
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#closed.promise;
  }
}

for (const policy of QUOTA_POLICIES) {
  Deno.test(`an official client on the same slot, policy ${policy}: ingest settles instead of fighting`, async () => {
    const accounts = {
      accounts: [{
        name: "one",
        keys: ["simulator"],
        quota: 1,
        policy,
        markets: { stocks: { realtime: ["T", "A", "AM"] } },
      }],
    };
    await using world = await simulatedIngest(
      { TICK_EVENTS: "A,T" },
      { accounts, ...MARKET },
      () => {},
      FACTOR,
    );
    await flowing(world);
    await using official = new Official(world.simulator.url);
    await until(
      "one of them was turned away",
      () => official.statuses.includes("max_connections") || world.whys().includes("max_connections"),
    );
    if (policy === "evict-oldest") {
      await until("the newcomer has the slot", () => official.events > 0);
      await until("ours says why", () => {
        const { status, detail } = world.connection();
        return status === "error" && detail.includes("in use");
      });
    }
    if (policy === "refuse-newest") assertEquals(world.whys(), []);
    await world.clock.sleep(policy === "refuse-newest" ? 20_000 : 80_000);
    await flowing(world);
    // Two of ours and the official one, and where a machine was too busy for a handshake one more; a fight would be dozens.
    assert(world.simulator.state().accepted <= 6, `${world.simulator.state().accepted} connections`);
  });
}

for (const policy of QUOTA_POLICIES) {
  for (const quota of [1, 2]) {
    Deno.test(`three connections on ${quota} slots, policy ${policy}: the first stay and carry everything, the last say why`, async () => {
      const accounts = {
        accounts: [{
          name: "one",
          keys: ["simulator"],
          quota,
          policy,
          markets: { stocks: { realtime: ["T", "A", "AM"] } },
        }],
      };
      const settings = {
        USE_MULTI_CONNECTION: "true",
        WEBSOCKET_ROUTING_STRATEGY: "round_robin",
        WEBSOCKET_CONNECTION_2_ENABLED: "true",
        WEBSOCKET_CONNECTION_3_ENABLED: "true",
        WEBSOCKET_AUTO_REBALANCE: "false",
        TICK_SYMBOLS: "AAPL,MSFT,NVDA,AMZN,GOOGL,TSLA",
      };
      await using world = await simulatedIngest(settings, { accounts, ...MARKET }, () => {}, FACTOR);
      const statuses = () => [0, 1, 2].map((n) => world.connection(n).status === "connected");
      const details = () => [0, 1, 2].map((n) => world.connection(n).detail).join();
      const first = [0, 1, 2].map((n) => n < quota);
      const settled = () => statuses().join() === first.join() && details().includes("fewer connections");
      await until(`the first ${quota} stay`, settled);
      await until("they carry everything", () => {
        const held = world.simulator.state().connections.flatMap((one) => [...one.subscriptions]);
        return new Set(held).size === 6;
      });
      const accepted = world.simulator.state().accepted;
      await world.clock.sleep(30_000);
      assertEquals([world.simulator.state().accepted, settled()], [accepted, true]);
    });
  }
}
