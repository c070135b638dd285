/**
 * The client's path of an event: a frame read, repeats dropped, handed to the subscriptions that want it.
 * Budget: a frame of 100 trades within 1 ms with ten subscriptions over it, so that 1 000 events/s take 1 % of a core.
 */
import type { SocketConstructor, SocketLike } from "../src/client/platform.ts";
import { Tickcast } from "../src/client/tickcast.ts";
import { aTrade } from "../tests/support/event_factory.ts";

const sockets: SocketLike[] = [];

class BenchSocket implements SocketLike {
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  onerror: SocketLike["onerror"] = null;
  constructor() {
    sockets.push(this);
  }
  send(): void {}
  close(): void {}
}

const WebSocket: SocketConstructor = BenchSocket;
const quiet = { WebSocket, page: undefined, timer: () => () => {} };
const SYMBOLS = Array.from({ length: 10 }, (_, n) => `SYM${n}`);

async function connected(subscriptions: number): Promise<SocketLike> {
  const client = new Tickcast("http://127.0.0.1", { platform: quiet });
  for (let n = 0; n < subscriptions; n++) {
    client.subscribe({ streams: ["tick"], symbols: subscriptions === 1 ? ["*"] : [`SYM${n}`] }, {
      onEvents: () => {},
    });
  }
  void client.connect();
  await new Promise((resolve) => setTimeout(resolve, 1));
  const socket = sockets.at(-1);
  if (!socket) throw new Error("Cannot bench as the client opened no socket");
  socket.onopen?.({});
  socket.onmessage?.({ data: '{"type":"hello","edge":"bench","heartbeat_ms":15000}' });
  return socket;
}

let seq = 0;
const frame = (): string => {
  const events = Array.from(
    { length: 100 },
    (_, n) => ({ ...aTrade({ sym: SYMBOLS[n % 10] ?? "" }), id: `aaaaaaaa-${++seq}` }),
  );
  return JSON.stringify({ type: "events", stream: "tick", cursor: `tick:aaaaaaaa-${seq}`, events });
};

for (const subscriptions of [1, 10]) {
  const socket = await connected(subscriptions);
  Deno.bench(`a frame of 100 trades to ${subscriptions} subscription(s)`, { group: "frame" }, (bench) => {
    const data = frame();
    bench.start();
    socket.onmessage?.({ data });
    bench.end();
  });
}
