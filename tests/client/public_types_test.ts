/** Types of the public API: this file proves something by being checked; what it runs is beside the point. */
import { assert } from "@std/assert";
import type { Bar, FairValue, Signal, Stamped, Trade } from "../../src/feed/event.ts";
import type { ClientError } from "../../src/client/failure.ts";
import type { GapNotice } from "../../src/client/message.ts";
import type { Status } from "../../src/client/status.ts";
import { Tickcast } from "../../src/client/tickcast.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(value?: T): void => void value;

function typesOf(client: Tickcast): void {
  client.subscribe({ streams: ["fmv"], symbols: ["AAPL"] }, {
    onEvents: ({ events, stream }) => {
      holds<Equal<typeof stream, "fmv">>();
      holds<Equal<(typeof events)[number], Stamped<FairValue>>>();
    },
    onGap: (gap) => holds<Equal<typeof gap, GapNotice>>(),
  });
  client.subscribe({ streams: ["tick", "signal"] }, {
    onEvents: ({ events }) => {
      for (const event of events) {
        if (event.type === "trade") holds<Equal<typeof event.price, number>>();
        else if (event.type === "second") holds<Equal<typeof event.open, number>>();
        else holds<Equal<typeof event, Stamped<Signal>>>();
      }
    },
  });
  // @ts-expect-error There is no such stream.
  client.subscribe({ streams: ["ticks"] });
  // @ts-expect-error Symbols are a list.
  client.subscribe({ streams: ["tick"], symbols: "AAPL" });
  // @ts-expect-error The mode is one of two.
  client.subscribe({ streams: ["tick"], mode: "newest" });
  const subscription = client.subscribe({ streams: ["minute"] });
  // @ts-expect-error A subscription keeps its streams.
  subscription.change({ streams: ["tick"] });
  subscription.change({ symbols: ["MSFT"], maxHz: 1 });
  holds<Equal<typeof subscription.streams, readonly "minute"[]>>();
  const status: Status = client.status;
  if (status.state === "waiting") holds<Equal<typeof status.retryInMs, number>>();
  // @ts-expect-error Only a waiting or connecting client counts attempts.
  void status.attempt;
}

async function iterationTypes(client: Tickcast): Promise<void> {
  for await (const item of client.subscribe({ streams: ["tick"] })) {
    if (item.type === "gap") holds<Equal<typeof item.lost, number | null>>();
    else if (item.type === "trade") holds<Equal<typeof item, Stamped<Trade>>>();
    else holds<typeof item extends Bar ? true : false>();
  }
  for await (const { events, gap } of client.history({ stream: "minute" })) {
    holds<Equal<(typeof events)[number]["close"], number>>();
    holds<Equal<typeof gap, GapNotice | undefined>>();
  }
  // @ts-expect-error History is of one stream.
  client.history({ streams: ["minute"] });
}

Deno.test({
  name: "the types of events follow the streams subscribed to, and wrong requests don't compile",
  permissions: "none",
  fn() {
    assert([typesOf, iterationTypes].every((each) => typeof each === "function"));
    const client = new Tickcast(["https://a.example", "https://b.example"], {
      token: () => Promise.resolve("t"),
      transports: ["sse"],
      onError: (error: ClientError) => void error.fatal,
    });
    using also: Disposable = client;
    void also;
    // @ts-expect-error There is no such transport.
    const wrong = () => new Tickcast("https://a.example", { transports: ["carrier pigeon"] });
    void wrong;
  },
});
