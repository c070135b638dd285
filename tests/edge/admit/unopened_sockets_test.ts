import { assertEquals } from "@std/assert";
import { OPENING_MS, UnopenedSockets } from "../../../src/edge/admit/unopened_sockets.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

function scene() {
  const clock = new ManualClock();
  const stop = new AbortController();
  const sockets = new UnopenedSockets({ clock, stopped: stop.signal });
  const told: string[] = [];
  const promise = (name: string) => {
    const socket: Pick<WebSocket, "onopen" | "onmessage" | "onclose" | "close"> = {
      onopen: () => told.push(`${name} opened`),
      onmessage: null,
      onclose: null,
      close: () => told.push(`${name} closed`),
    };
    const handlers = {
      onOpen: () => {},
      onMessage: () => {},
      onClose: () => void told.push(`${name} is gone`),
    };
    sockets.add(socket, handlers);
    return socket;
  };
  return { clock, stop, sockets, told, promise };
}

pure("a socket that does not open in time is taken for gone, once, and those beside it are not", async () => {
  const { clock, sockets, told, promise } = scene();
  promise("one");
  sockets.opened(promise("two"));
  await clock.advance(OPENING_MS);
  const third = promise("three");
  assertEquals(told, []);
  await clock.advance(OPENING_MS);
  assertEquals(told, ["one is gone"]);
  sockets.opened(third);
  await clock.advance(10 * OPENING_MS);
  assertEquals(told, ["one is gone"]);
});

pure("a socket that opens after it was given up is closed, and nobody serves it", async () => {
  const { clock, told, promise } = scene();
  const socket = promise("late");
  await clock.advance(2 * OPENING_MS);
  const open: unknown = socket.onopen;
  if (typeof open === "function") open();
  assertEquals(told, ["late is gone", "late closed"]);
});

pure("there is one wait for all, and none once all are open or the instance stops", async () => {
  const { clock, stop, sockets, promise } = scene();
  const many = Array.from({ length: 100 }, (_, n) => promise(`${n}`));
  assertEquals(clock.pending, 1);
  for (const socket of many) sockets.opened(socket);
  await clock.advance(2 * OPENING_MS);
  assertEquals(clock.pending, 0);
  promise("one");
  assertEquals(clock.pending, 1);
  stop.abort();
  assertEquals(clock.pending, 0);
  promise("another");
  assertEquals(clock.pending, 0);
});
