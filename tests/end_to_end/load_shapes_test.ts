/**
 * The loads the service is built for (C4), with the event counts of their full length, as fast as the lists carry them: no event
 * is lost between the upstream's socket and a premium client's. How late they are is `deno task shapes`' to measure.
 */
import { assert, assertEquals } from "@std/assert";
import { frameOf, wireBar, wireTrade } from "../support/wire_factory.ts";
import { A_MONDAY } from "../support/event_factory.ts";
import { startRunning } from "../support/running.ts";
import { wsUpstream } from "../support/ws_upstream.ts";

/** Sent and not yet received, at most: no list is asked for more than it carries, however slow the machine. */
const AHEAD_MAX_EVENTS = 4_000;
const FRAME_EVENTS = 250;
/** Without anything received for so long, something is lost. */
const SILENCE_MS = 30_000;

interface Shape {
  readonly about: string;
  readonly minutes: number;
  readonly ticksPerMinute: number;
  readonly tickSymbols: number;
  readonly minuteSymbols: number;
}

const SHAPES: readonly Shape[] = [
  {
    about: "5 minutes of 50 000 events with 100 symbols",
    minutes: 5,
    ticksPerMinute: 50_000,
    tickSymbols: 100,
    minuteSymbols: 100,
  },
  {
    about: "30 minutes of 10 000 events with 500 symbols",
    minutes: 30,
    ticksPerMinute: 10_000,
    tickSymbols: 500,
    minuteSymbols: 500,
  },
  {
    about: "3 minutes with the bars of 8 000 symbols each",
    minutes: 3,
    ticksPerMinute: 1_000,
    tickSymbols: 100,
    minuteSymbols: 8_000,
  },
];

/** An upstream that says yes to everything; resolves with its socket once ticks and minutes are subscribed. */
function upstream() {
  const ready = Promise.withResolvers<(text: string) => void>();
  const topics = new Set<string>();
  const server = wsUpstream((socket) => {
    const say = (status: string, message: string) =>
      socket.send(JSON.stringify([{ ev: "status", status, message }]));
    socket.on("message", (data) => {
      const { action, params } = JSON.parse(String(data));
      if (action === "auth") return say("auth_success", "authenticated");
      for (const topic of params.split(",")) {
        topics.add(topic);
        say("success", `subscribed to: ${topic}`);
      }
      if (topics.has("T.*") && topics.has("AM.*")) ready.resolve((text) => socket.send(text));
    });
    say("connected", "Connected Successfully");
  });
  return { server, ready: ready.promise };
}

/** A premium client that counts what comes, by stream, and takes offence at any hole. */
async function countingClient(base: string) {
  const socket = new WebSocket(`${base.replace("http", "ws")}/ws`, "tickcast.v1");
  const subscribed = Promise.withResolvers<void>();
  const received = { tick: 0, minute: 0 };
  const last = { tick: 0, minute: 0 };
  const troubles: string[] = [];
  let moved = () => {};
  socket.onopen = () =>
    socket.send(JSON.stringify({ action: "subscribe", streams: ["tick", "minute"], symbols: ["*"] }));
  socket.onmessage = ({ data }) => {
    const kind = /^\{"type":"([a-z]+)"/.exec(data)?.[1];
    if (kind === "subscribed") subscribed.resolve();
    if (kind === "gap" || kind === "warning" || kind === "error") troubles.push(data.slice(0, 300));
    if (kind !== "events") return;
    const stream = data.includes('"stream":"tick"') ? "tick" : "minute";
    for (const [, seq] of data.matchAll(/"id":"[0-9a-z]+-(\d+)"/g)) {
      if (Number(seq) !== last[stream] + 1) troubles.push(`${stream}: ${seq} after ${last[stream]}`);
      last[stream] = Number(seq);
      received[stream]++;
    }
    moved();
  };
  await subscribed.promise;
  const nextMove = () =>
    new Promise<void>((resolve, reject) => {
      const silence = setTimeout(
        () =>
          reject(new Error(`nothing came for ${SILENCE_MS} ms: ${JSON.stringify({ received, troubles })}`)),
        SILENCE_MS,
      );
      moved = () => {
        clearTimeout(silence);
        resolve();
      };
    });
  const closed = new Promise<void>((resolve) => socket.onclose = () => resolve());
  return {
    received,
    troubles,
    nextMove,
    async [Symbol.asyncDispose]() {
      socket.close();
      await closed;
    },
  };
}

Deno.test("the opening, the day and the whole market's minutes reach a premium client without a hole", async (t) => {
  const { server, ready } = upstream();
  await using source = await server;
  await using running = await startRunning({
    LOG_LEVEL: "warning",
    MASSIVE_API_KEY: "key",
    MASSIVE_REALTIME_URL: source.url,
    DATA_FREQUENCIES: "tick,minute",
    TICK_EVENTS: "T",
    TICK_SYMBOLS: "*",
    MINUTE_SYMBOLS: "*",
  });
  const send = await ready;
  await using client = await countingClient(running.base);
  const sent = { tick: 0, minute: 0 };
  const ahead = () => sent.tick + sent.minute - client.received.tick - client.received.minute;
  const publish = async (stream: "tick" | "minute", count: number, make: (n: number) => object) => {
    for (let done = 0; done < count; done += FRAME_EVENTS) {
      const size = Math.min(FRAME_EVENTS, count - done);
      send(frameOf(Array.from({ length: size }, (_, n) => ({ ...make(done + n) }))).text);
      sent[stream] += size;
      while (ahead() > AHEAD_MAX_EVENTS) await client.nextMove();
    }
  };
  let serial = 0;
  for (const { about, minutes, ticksPerMinute, tickSymbols, minuteSymbols } of SHAPES) {
    await t.step(about, async () => {
      for (let minute = 0; minute < minutes; minute++) {
        const s = A_MONDAY + 60_000 * ++serial;
        await publish("minute", minuteSymbols, (n) => wireBar({ ev: "AM", sym: `S${n}`, s, e: s + 60_000 }));
        await publish(
          "tick",
          ticksPerMinute,
          (n) => wireTrade({ sym: `S${n % tickSymbols}`, i: `${++serial}` }),
        );
      }
      while (ahead() > 0) await client.nextMove();
      assertEquals(client.received, sent);
      assertEquals(client.troubles, []);
    });
  }
  assert(
    running.tickcast.ingest?.health().channels.every(({ dropped }) => Object.keys(dropped).length === 0),
  );
});
