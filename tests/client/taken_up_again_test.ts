/** A subscription that takes the place of another begins where it says, not where the other stood. */
import { assertEquals } from "@std/assert";
import { type Transport, TRANSPORTS } from "../../src/client/link.ts";
import { Tickcast } from "../../src/client/tickcast.ts";
import { FakeEdge } from "./fake_edge.ts";
import { until } from "./next.ts";
import { append, QUICK, upTo } from "./tickcast_rig.ts";

/** A client that follows a stream, and how it takes it up again. */
async function aClient(edge: FakeEdge, transport: Transport) {
  const client = new Tickcast(edge.url, { platform: QUICK, transports: [transport], pingIntervalMs: 50 });
  const first = client.subscribe({ streams: ["tick"], symbols: ["AAPL"] });
  await client.connect();
  await until("a cursor", () => client.cursor);
  const prices: number[] = [];
  const again = (cursor?: string) =>
    client.subscribe({ streams: ["tick"], symbols: ["AAPL"], ...(cursor && { cursor }) }, {
      onEvents: ({ events }) => events.forEach((event) => event.type === "trade" && prices.push(event.price)),
    });
  return { client, first, again, prices, [Symbol.dispose]: () => client[Symbol.dispose]() };
}

const aWhile = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

for (const transport of TRANSPORTS) {
  Deno.test(`over ${transport} a stream that is left and taken up again at once begins at the new cursor`, async () => {
    await using edge = new FakeEdge();
    append(edge, 1, 5);
    using taken = await aClient(edge, transport);
    taken.first.unsubscribe();
    taken.again("earliest");
    await aWhile(300);
    append(edge, 6, 7);
    await until("the newest", () => taken.prices.at(-1) === 7);
    assertEquals(taken.prices, upTo(7));
  });

  Deno.test(`over ${transport} a stream that is left and taken up again at once has a place to come back to`, async () => {
    await using edge = new FakeEdge();
    using taken = await aClient(edge, transport);
    taken.first.unsubscribe();
    taken.again();
    await aWhile(300);
    edge.cut();
    append(edge, 1, 3);
    await until("the rest", () => taken.client.cursor.endsWith("-6"));
    assertEquals(taken.prices, upTo(3));
  });

  Deno.test(`over ${transport} what was on its way when a stream was left is no repeat for who takes it up later`, async () => {
    await using edge = new FakeEdge();
    using taken = await aClient(edge, transport);
    append(edge, 1, 3);
    await until("a cursor", () => taken.client.cursor.endsWith("-6"));
    taken.first.unsubscribe();
    append(edge, 4, 5);
    await aWhile(300);
    taken.again("earliest");
    await until("the newest", () => taken.prices.at(-1) === 5);
    assertEquals(taken.prices, upTo(5));
  });
}
