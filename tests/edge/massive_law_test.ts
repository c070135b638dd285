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

/** A program at the door, what it holds, and what it must get for that. */
class Program {
  readonly clock = new ManualClock();
  readonly #rig = edgeRig({ clock: this.clock });
  readonly #door = new MassiveDoor(this.#rig.edge.core);
  readonly #sent: string[] = [];
  readonly #held = new Set<string>();
  readonly #expected = new Map<string, number[]>();
  readonly #handlers: ReturnType<MassiveDoor["handlers"]>;
  #isCut = false;
  /** A gap in a stream it follows has come. */
  isOver = false;

  constructor() {
    this.#handlers = this.#door.handlers(
      {
        bufferedAmount: 0,
        readyState: 1,
        send: (text: string) => void this.#sent.push(text),
        close() {},
        terminate: () => void (this.#isCut = true),
      },
      "stocks",
      undefined,
    );
    this.#handlers.onOpen();
  }

  async say(action: string, params: string): Promise<void> {
    this.#handlers.onMessage(JSON.stringify({ action, params }));
    await this.clock.advance(150);
  }

  async take(one: Step): Promise<void> {
    if (one.do === "events") return await this.#events(one.prefix, one.symbols);
    if (one.do === "gap") return await this.#gap(one.stream);
    for (const name of one.pairs) {
      if (one.do === "subscribe") this.#held.add(name);
      else this.#held.delete(name);
    }
    await this.say(one.do, one.pairs.join(","));
  }

  async #events(name: Prefix, symbols: readonly string[]): Promise<void> {
    const events = symbols.map((symbol) => ({ symbol, ...anEvent(name, symbol) }));
    await this.#rig.writer.append(STREAM_OF[name], events.map(({ event }) => event));
    for (const { symbol, mark } of events) {
      const isWanted = this.#held.has(`${name}.${symbol}`) ||
        (this.#held.has(`${name}.*`) && !symbol.startsWith("X:"));
      if (isWanted) this.#expected.set(name, [...this.#expected.get(name) ?? [], mark]);
    }
    await this.clock.advance(300);
  }

  async #gap(stream: string): Promise<void> {
    await this.#rig.writer.append(stream, [aGap()]);
    await this.clock.advance(300);
    const ended = Object.entries(STREAM_OF).filter(([, of]) => of === stream);
    this.isOver = ended.some(([name]) => [...this.#held].some((topic) => topic.startsWith(`${name}.`)));
  }

  /** What it got is what it held, and its connection ended where it had to. */
  judge(): void {
    const got = new Map<string, number[]>();
    for (const element of this.#sent.flatMap((text): Record<string, unknown>[] => JSON.parse(text))) {
      if (element.ev === "status") continue;
      const mark = Number(element.p ?? element.fmv ?? element.c);
      got.set(String(element.ev), [...got.get(String(element.ev)) ?? [], mark]);
    }
    assertEquals(new Map([...got].sort()), new Map([...this.#expected].sort()));
    assertEquals(this.#isCut, this.isOver);
  }

  /** Goes; nothing of it stays. */
  async leave(): Promise<void> {
    this.#handlers.onClose();
    this.#door[Symbol.dispose]();
    const drained = this.#rig.edge.drain();
    await this.clock.advance(5_000);
    await drained;
    assertEquals([this.clock.pending, this.#rig.edge.counters.active.massive], [0, 0]);
  }
}

async function live(steps: readonly Step[]): Promise<void> {
  const program = new Program();
  await program.say("auth", "any");
  for (const step of steps) if (!program.isOver) await program.take(step);
  await program.clock.advance(1_000);
  program.judge();
  await program.leave();
}

Deno.test({
  name: "a program gets exactly what it held, once and in order, until a gap ends its connection",
  permissions: "none",
  fn: () => fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25 }), live), { numRuns: 150 }),
});
