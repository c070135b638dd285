/** How a whole process goes away: clients told, waiting polls answered, nothing left behind. */
import { assert, assertEquals } from "@std/assert";
import { COME_BACK_MIN_MS, DRAIN_SPREAD_MS } from "../../src/edge/drain.ts";
import { metricTotal } from "../support/exposition.ts";
import { ownTime } from "../support/own_time.ts";
import { startRunning } from "../support/running.ts";
import { until } from "../support/until.ts";

const CLIENTS = 100;

Deno.test("a stop answers a waiting poll at once and closes a socket with 4002 after telling it to come back", async () => {
  const running = await startRunning({ SIMULATOR_RATE: "0", SIMULATOR_SYMBOLS: "1" });
  const socket = new WebSocket(`${running.base.replace("http", "ws")}/ws/minute?symbols=*`, "tickcast.v1");
  const messages: Record<string, unknown>[] = [];
  const subscribed = Promise.withResolvers<void>();
  const closed = new Promise<number>((resolve) => socket.onclose = ({ code }) => resolve(code));
  socket.onmessage = ({ data }) => {
    messages.push(JSON.parse(data));
    if (messages.at(-1)?.type === "subscribed") subscribed.resolve();
  };
  await subscribed.promise;
  const waiting = fetch(`${running.base}/events/minute?wait=25`);
  const polls = () => metricTotal([running.base], 'ws_active_connections{transport="poll"}');
  await until(async () => await polls() === 1, "the poll that waits");
  const ownMs = ownTime();
  await running[Symbol.asyncDispose]();
  const answer = await waiting;
  assertEquals([answer.status, (await answer.json()).events], [200, []]);
  assert(ownMs() < 5000, "a drain fits the five seconds of Deno Deploy");
  assertEquals(await closed, 4002);
  assert(messages.some((message) => message.type === "reconnect" && Number(message.after_ms) >= 0));
});

Deno.test("a stop spreads the way back of its clients evenly, from when it is gone on", async () => {
  const running = await startRunning({ SIMULATOR_RATE: "0", SIMULATOR_SYMBOLS: "1" });
  const waits: number[] = [];
  const closed: Promise<unknown>[] = [];
  await Promise.all(Array.from({ length: CLIENTS }, () => {
    const socket = new WebSocket(`${running.base.replace("http", "ws")}/ws`, "tickcast.v1");
    closed.push(new Promise((resolve) => socket.onclose = resolve));
    return new Promise<void>((resolve) => {
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === "hello") resolve();
        if (message.type === "reconnect") waits.push(message.after_ms);
      };
    });
  }));
  await running[Symbol.asyncDispose]();
  await Promise.all(closed);
  assertEquals(waits.length, CLIENTS);
  assert(waits.every((ms) => ms >= COME_BACK_MIN_MS && ms <= COME_BACK_MIN_MS + DRAIN_SPREAD_MS));
  const quarters = [0, 0, 0, 0];
  for (const ms of waits) {
    const n = Math.min(3, Math.floor((ms - COME_BACK_MIN_MS) * 4 / DRAIN_SPREAD_MS));
    quarters[n] = (quarters[n] ?? 0) + 1;
  }
  // Drawn evenly, more than half in one quarter comes once in a hundred million runs.
  assert(quarters.every((count) => count <= CLIENTS / 2), `${quarters}`);
});
