/** What the tests of the whole client share. */
import type { GapNotice } from "../../src/client/message.ts";
import type { TickcastOptions } from "../../src/client/options.ts";
import { Tickcast } from "../../src/client/tickcast.ts";
import type { FakeEdge } from "./fake_edge.ts";

/** A trade to append. */
export const trade = (sym: string, price: number) => ({ type: "trade", sym, price });
/** No jitter to wait for. */
export const QUICK = { random: () => 0.02 };

/** A client that keeps the prices and gaps it is told. */
export interface Taken {
  readonly client: Tickcast;
  readonly prices: number[];
  readonly gaps: GapNotice[];
}

/** Takes ticks of some symbols. */
export function take(
  address: string | string[],
  options: TickcastOptions = {},
  symbols = ["AAPL"],
): Taken & Disposable {
  const prices: number[] = [];
  const gaps: GapNotice[] = [];
  const client = new Tickcast(address, { platform: QUICK, ...options });
  client.subscribe({ streams: ["tick"], symbols }, {
    onEvents: ({ events }) => events.forEach((event) => event.type === "trade" && prices.push(event.price)),
    onGap: (gap) => gaps.push(gap),
  });
  return { client, prices, gaps, [Symbol.dispose]: () => client[Symbol.dispose]() };
}

/** 1 … count. */
export const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

/** Appends prices `from … to` of AAPL, each beside one of a symbol nobody asked for. */
export function append(edge: FakeEdge, from: number, to: number): void {
  for (let price = from; price <= to; price++) {
    edge.append("tick", trade("MSFT", -price));
    edge.append("tick", trade("AAPL", price));
  }
}
