/**
 * The law of the Massive-compatible door: a program gets exactly the events of the pairs it held when they came, each once and in order,
 * until a gap in a stream it follows ends its connection. Random lives, seed printed when one breaks it.
 */
import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { MassiveDoor } from "../../src/edge/massive/massive_door.ts";
import type { FeedEvent } from "../../src/feed/event.ts";
import { aFairValue, aGap, aMinute, aSecond, aTrade } from "../support/event_factory.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { edgeRig } from "./edge_rig.ts";

const SYMBOLS = ["AAPL", "MSFT", "X:BTC-USD"] as const;
const PREFIXES = { T: "trade", A: "second", AM: "minute", FMV: "fmv" } as const;
type Prefix = keyof typeof PREFIXES;
const STREAM_OF: Readonly<Record<Prefix, string>> = { T: "tick", A: "tick", AM: "minute", FMV: "fmv" };

type Step =
  | { readonly do: "subscribe" | "unsubscribe"; readonly pairs: readonly string[] }
  | { readonly do: "events"; readonly prefix: Prefix; readonly symbols: readonly string[] }
  | { readonly do: "gap"; readonly stream: string };

const prefix = fc.constantFrom<Prefix>("T", "A", "AM", "FMV");
const pair = fc.tuple(prefix, fc.constantFrom("AAPL", "MSFT", "*")).map(([name, symbol]) =>
  `${name}.${symbol}`
);
const pairs = fc.array(pair, { minLength: 1, maxLength: 4 });
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom("subscribe" as const, "unsubscribe" as const), pairs }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("events" as const),
      prefix,
      symbols: fc.array(fc.constantFrom(...SYMBOLS), { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("gap" as const),
      stream: fc.constantFrom("tick", "minute", "fmv"),
    }),
  },
);

let serial = 0;
/** An event that is told apart by its price, or what stands for it. */
function anEvent(name: Prefix, sym: string): { readonly event: FeedEvent; readonly mark: number } {
  const mark = ++serial;
  switch (name) {
    case "T":
      return { event: aTrade({ sym, price: mark, tid: `${mark}` }), mark };
    case "A":
      return { event: aSecond({ sym, close: mark }), mark };
    case "AM":
      return { event: aMinute({ sym, close: mark }), mark };
    case "FMV":
      return { event: aFairValue({ sym, fmv: mark }), mark };
  }
}

async function live(steps: readonly Step[]): Promise<void> {
  const clock = new ManualClock();
  const rig = edgeRig({ clock });
  const door = new MassiveDoor(rig.edge.core);
  const sent: string[] = [];
  let isCut = false;
  const socket = {
    bufferedAmount: 0,
    readyState: 1,
    send: (text: string) => void sent.push(text),
    close() {},
    terminate: () => void (isCut = true),
  };
  const handlers = door.handlers(socket, "stocks", undefined);
  handlers.onOpen();
  const say = async (action: string, params: string) => {
    handlers.onMessage(JSON.stringify({ action, params }));
    await clock.advance(150);
  };
  await say("auth", "any");
  const held = new Set<string>();
  const expected = new Map<string, number[]>();
  let isOver = false;
  for (const one of steps) {
    if (isOver) break;
    if (one.do === "subscribe") { for (const name of one.pairs) held.add(name); }
    if (one.do === "unsubscribe") { for (const name of one.pairs) held.delete(name); }
    if (one.do === "subscribe" || one.do === "unsubscribe") await say(one.do, one.pairs.join(","));
    if (one.do === "events") {
      const events = one.symbols.map((symbol) => ({ symbol, ...anEvent(one.prefix, symbol) }));
      await rig.writer.append(STREAM_OF[one.prefix], events.map(({ event }) => event));
      for (const { symbol, mark } of events) {
        const isWanted = held.has(`${one.prefix}.${symbol}`) ||
          (held.has(`${one.prefix}.*`) && !symbol.startsWith("X:"));
        if (isWanted) expected.set(one.prefix, [...expected.get(one.prefix) ?? [], mark]);
      }
      await clock.advance(300);
    }
    if (one.do === "gap") {
      await rig.writer.append(one.stream, [aGap()]);
      await clock.advance(300);
      const ended = Object.entries(STREAM_OF).filter(([, stream]) => stream === one.stream);
      isOver = ended.some(([name]) => [...held].some((topic) => topic.startsWith(`${name}.`)));
    }
  }
  await clock.advance(1_000);
  const got = new Map<string, number[]>();
  for (const element of sent.flatMap((text): Record<string, unknown>[] => JSON.parse(text))) {
    if (element.ev === "status") continue;
    const mark = Number(element.p ?? element.fmv ?? element.c);
    got.set(String(element.ev), [...got.get(String(element.ev)) ?? [], mark]);
  }
  assertEquals(new Map([...got].sort()), new Map([...expected].sort()));
  assertEquals(isCut, isOver);
  handlers.onClose();
  door[Symbol.dispose]();
  const drained = rig.edge.drain();
  await clock.advance(5_000);
  await drained;
  assertEquals([clock.pending, rig.edge.counters.active.massive], [0, 0]);
}

Deno.test({
  name: "a program gets exactly what it held, once and in order, until a gap ends its connection",
  permissions: "none",
  fn: () => fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25 }), live), { numRuns: 150 }),
});
