/** An instance that goes away: nobody new comes in by any door, and those who were in come back spread. */
import { assert, assertEquals } from "@std/assert";
import { aTrade } from "../../support/event_factory.ts";
import { type Answer, type HttpScene, httpScene } from "../http_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const UPGRADE = {
  headers: {
    upgrade: "websocket",
    connection: "upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  },
};

/** Every door, and how it is knocked at. */
const DOORS: readonly (readonly [what: string, path: string, init?: RequestInit])[] = [
  ["a socket", "/ws/tick", UPGRADE],
  ["a socket of all streams", "/ws", UPGRADE],
  ["a page that asks why its socket failed", "/ws/tick"],
  ["an event stream", "/sse/tick"],
  ["an event stream of all streams", "/sse"],
  ["a poll", "/events/tick"],
  ["a poll that would wait", "/events/tick?cursor=tick:0-0&wait=20"],
  ["a snapshot", "/snapshot/tick"],
  ["a program of Massive's protocol", "/massive/stocks", UPGRADE],
  ["one of the other market", "/massive/crypto", UPGRADE],
];

/** Code of a refusal: an event stream's is 200 with a `fault`, for a plain EventSource would stop for good on a 503. */
function refusalOf(path: string, { status, headers, text }: Answer): string {
  if (!path.startsWith("/sse")) {
    assertEquals([status, headers.get("retry-after")], [503, "5"], text);
    return JSON.parse(text).error.code;
  }
  assertEquals(status, 200);
  assert(Number(/^retry: (\d+)\n\nevent: fault\n/.exec(text)?.[1]) >= 2_000, text);
  return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? "{}").code;
}

async function assertAllRefused(s: HttpScene, when: string): Promise<void> {
  for (const [what, path, init] of DOORS) {
    assertEquals(refusalOf(path, await s.get(path, init, 1)), "DRAINING", `${what}, ${when}`);
  }
  const ready = await s.get("/health/ready", {}, 1);
  assertEquals([ready.status, JSON.parse(ready.text).phase], [503, "draining"], when);
  assertEquals((await s.get("/health", {}, 1)).status, 200, when);
}

pure(
  "while an instance drains, and after it, newcomers are refused as DRAINING at every door, and it is not ready",
  async () => {
    const s = httpScene();
    await s.append("tick", [aTrade()]);
    assertEquals((await s.get("/health/ready", {}, 1)).status, 200);
    const held = await s.stream("/sse/tick");
    const drained = s.rig.edge.drain();
    await assertAllRefused(s, "before the farewell is over");
    assertEquals(s.rig.edge.hub.size, 1);
    await s.clock.advance(10_000);
    await drained;
    await assertAllRefused(s, "once it is gone");
    await held.leave();
    await s[Symbol.asyncDispose]();
  },
);

/** Distinct numbers, spread over 0 … 1. */
function spreadRandom(): () => number {
  let n = 0;
  return () => (++n * 0.618_033_988_75) % 1;
}

const numbersOf = (texts: readonly string[], pattern: RegExp): number[] =>
  texts.map((text) => Number(pattern.exec(text)?.[1] ?? NaN));

/** As many different values as there are, inside the bounds, and over most of what is between them. */
function assertSpread(values: readonly number[], leastMs: number, mostMs: number): void {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  assertEquals(new Set(values).size, values.length, `${values}`);
  assert(least >= leastMs && most <= mostMs, `${values}`);
  assert(most - least > (mostMs - leastMs) * 0.75, `${values}`);
}

pure(
  "event streams that end in a drain are each told a wait of their own, spread over 2 s and never before this instance is gone",
  async () => {
    const s = httpScene({ random: spreadRandom() });
    const streams = await Promise.all(Array.from({ length: 20 }, () => s.stream("/sse/tick")));
    const drained = s.rig.edge.drain();
    await s.clock.advance(10_000);
    await drained;
    const texts = streams.map((stream) => stream.text());
    assertSpread(numbersOf(texts, /"after_ms":(\d+)/), 500, 2_500);
    assertSpread(numbersOf(texts, /retry: (\d+)\n\n$/), 500, 2_500);
    for (const stream of streams) await stream.leave();
    await s[Symbol.asyncDispose]();
  },
);

pure(
  "event streams that a full instance refuses are each told a wait of their own, spread over 8 s",
  async () => {
    await using s = httpScene({ random: spreadRandom(), settings: { wsMaxConnections: 1 } });
    const held = await s.stream("/sse/tick");
    const refused = await Promise.all(Array.from({ length: 20 }, () => s.get("/sse/tick", {}, 1)));
    assertSpread(numbersOf(refused.map(({ text }) => text), /^retry: (\d+)\n\nevent: fault/), 2_000, 10_000);
    await held.leave();
  },
);
