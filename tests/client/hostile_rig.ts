/** A client in memory facing a server that does anything at all, and what the client made of it. */
import type { ClientError } from "../../src/client/failure.ts";
import type { Transport } from "../../src/client/link.ts";
import type { GapNotice } from "../../src/client/message.ts";
import type { TickcastOptions } from "../../src/client/options.ts";
import type { Status } from "../../src/client/status.ts";
import { Tickcast } from "../../src/client/tickcast.ts";
import { MemoryNet } from "./memory_net.ts";

/** What the client told its user. */
export interface Told extends Disposable {
  readonly net: MemoryNet;
  readonly client: Tickcast;
  /** Prices of trades, in order. */
  readonly prices: number[];
  readonly gaps: GapNotice[];
  readonly errors: ClientError[];
  readonly statuses: Status[];
}

/** A client of `tick` over one transport, connecting. */
export function face(transport: Transport, options: TickcastOptions = {}): Told {
  const net = new MemoryNet();
  const told: Pick<Told, "prices" | "gaps" | "errors" | "statuses"> = {
    prices: [],
    gaps: [],
    errors: [],
    statuses: [],
  };
  const client = new Tickcast("http://edge.test", {
    transports: [transport],
    platform: net.platform(),
    onError: (error) => told.errors.push(error),
    onStatusChange: (status) => told.statuses.push(status),
    ...options,
  });
  client.subscribe({ streams: ["tick"] }, {
    onEvents: ({ events }) =>
      events.forEach((event) => event.type === "trade" && told.prices.push(event.price)),
    onGap: (gap) => told.gaps.push(gap),
  });
  client.connect().catch(() => {});
  return { ...told, net, client, [Symbol.dispose]: () => client[Symbol.dispose]() };
}

/** First words of a server. */
export const hello = { type: "hello", edge: "bad", heartbeat_ms: 15_000 };
/** A trade whose price is its place. */
export const trade = (seq: number, more: Record<string, unknown> = {}) => ({
  id: `aaaaaaaa-${seq}`,
  type: "trade",
  sym: "AAPL",
  t: seq,
  price: seq,
  ...more,
});
/** A message of them. */
export const events = (...list: unknown[]) => ({
  type: "events",
  stream: "tick",
  cursor: "tick:aaaaaaaa-9",
  events: list,
});

/** An event stream of the given texts, open until its reader leaves or, where asked, ended. */
export function eventStream(texts: readonly string[], isEnded = false, type = "text/event-stream"): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const text of texts) controller.enqueue(encoder.encode(text));
      if (isEnded) controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": type } });
}

/** A block of an event stream. */
export const block = (event: string, data: unknown, id?: string): string =>
  `${id ? `id: ${id}\n` : ""}event: ${event}\ndata: ${
    typeof data === "string" ? data : JSON.stringify(data)
  }\n\n`;
