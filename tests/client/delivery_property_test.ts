/** Whatever happens to connections, servers and lists, what the user is handed is the list, in order, its gaps told. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Transport } from "../../src/client/link.ts";
import type { GapNotice } from "../../src/client/message.ts";
import type { Subscription } from "../../src/client/subscription.ts";
import { Tickcast } from "../../src/client/tickcast.ts";
import { FakePage } from "./fake_platform.ts";
import { MemoryEdge } from "./memory_edge.ts";
import { MemoryNet } from "./memory_net.ts";

const IS_LONG = Deno.env.get("TICKCAST_LONG") === "1";
const RUNS = IS_LONG ? 20_000 : 400;

interface World {
  readonly net: MemoryNet;
  readonly edge: MemoryEdge;
  readonly page: FakePage;
  readonly client: Tickcast;
  /** A second subscription, which comes, changes and goes. */
  other: Subscription<"tick"> | undefined;
}

/** One thing that happens. */
interface Step {
  readonly what: string;
  run(world: World): void | Promise<void>;
}

const step = <A>(
  arbitrary: fc.Arbitrary<A>,
  name: string,
  run: (world: World, value: A) => void | Promise<void>,
) =>
  arbitrary.map((value): Step => ({
    what: `${name} ${JSON.stringify(value)}`,
    run: (world) => run(world, value),
  }));

const count = fc.integer({ min: 1, max: 6 });
const symbols = fc.array(fc.constantFrom("AAPL", "MSFT"), { minLength: 1, maxLength: 5 });
const codes = fc.constantFrom(1000, 1001, 1006, 1011, 1012, 3000, 4000, 4001, 4002, 4003, 4499);

const STEPS: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: step(symbols, "append", ({ edge }, each) => each.forEach((sym) => edge.append(sym))),
  },
  { weight: 6, arbitrary: step(count, "arrive", ({ edge }, n) => edge.flow(n)) },
  {
    weight: 3,
    arbitrary: step(
      fc.constantFrom(100, 1000, 6000, 16_000, 61_000),
      "pass",
      ({ net }, ms) => net.pass(ms, Math.max(100, ms / 8)),
    ),
  },
  { weight: 2, arbitrary: step(codes, "cut", ({ edge }, code) => edge.cut(code)) },
  { weight: 2, arbitrary: step(fc.nat(20), "repeat", ({ edge }, nth) => edge.repeat(nth)) },
  { weight: 1, arbitrary: step(fc.nat(4), "trim to", ({ edge }, keep) => edge.trim(keep)) },
  {
    weight: 1,
    arbitrary: step(fc.boolean(), "begin anew, higher", ({ edge }, isHigher) => edge.restart(isHigher)),
  },
  {
    weight: 2,
    arbitrary: step(
      fc.record({
        ws: fc.constantFrom(0, 0, 1, 503),
        sse: fc.constantFrom(0, 0, 1, 404, 500),
        poll: fc.constantFrom(0, 0, 1, 503),
      }),
      "doors",
      ({ edge }, doors) => void Object.assign(edge.doors, doors),
    ),
  },
  {
    weight: 2,
    arbitrary: step(
      fc.record({
        symbols: fc.subarray(["AAPL", "MSFT", "M*", "*", "no symbol"]),
        snapshot: fc.boolean(),
        isOver: fc.boolean(),
      }),
      "another subscription",
      (world, { isOver, ...request }) => {
        if (isOver) world.other?.unsubscribe();
        else if (world.other?.isActive) world.other.change(request);
        else world.other = world.client.subscribe({ streams: ["tick"], ...request });
      },
    ),
  },
  {
    weight: 1,
    arbitrary: step(fc.constant(60_000), "sleep", ({ net }, ms) => net.clock.jump(net.clock.now() + ms)),
  },
  {
    weight: 1,
    arbitrary: step(
      fc.constantFrom("pagehide", "pageshow", "online"),
      "page",
      ({ page }, type) => page.tell("window", type),
    ),
  },
  {
    weight: 1,
    arbitrary: step(fc.boolean(), "connect", ({ client }, isOn) => {
      if (isOn) client.connect().catch(() => {});
      else client.disconnect();
    }),
  },
);

/** Handed on: an event by its number, or a gap. */
type Item = number | GapNotice;

/** What is wrong with what was handed on, of what there was; undefined: nothing. */
function flaw(items: readonly Item[], numbers: readonly number[]): string | undefined {
  let last = 0;
  let isGap = false;
  for (const item of items) {
    if (typeof item !== "number") {
      isGap = true;
      const [after, before] = [item.after, item.before].map((id) => Number(id?.split("-")[1]));
      const lost = (before ?? 0) - (after ?? 0) - 1;
      if (item.cause === "evicted" && item.lost !== lost) return `${item.lost} told, ${lost} lost`;
      continue;
    }
    if (item <= last) return `${item} after ${last}`;
    const missing = numbers.filter((n) => n > last && n < item);
    if (missing.length > 0 && !isGap) return `${missing} are missing before ${item} and no gap was told`;
    last = item;
    isGap = false;
  }
  return last === numbers.at(-1) ? undefined : `ends with ${last} instead of ${numbers.at(-1)}`;
}

async function live(transports: readonly Transport[], steps: readonly Step[]): Promise<void> {
  const net = new MemoryNet();
  const edge = new MemoryEdge(net);
  const page = new FakePage();
  const items: Item[] = [];
  const crashes: unknown[] = [];
  using client = new Tickcast("http://edge.test", { transports, platform: net.platform({ page }) });
  client.subscribe({ streams: ["tick"], symbols: ["AAPL"] }, {
    onEvents: ({ events }) => events.forEach((event) => items.push(event.t)),
    onGap: (gap) => items.push(gap),
  });
  client.connect().catch((error) => crashes.push(error));
  await net.run();
  for (let n = 0; n < 5 && !client.cursor; n++) {
    edge.flow(9);
    await net.run();
  }
  assert(client.cursor !== "", "the client never stood anywhere");
  const world: World = { net, edge, page, client, other: undefined };
  for (const each of steps) {
    await each.run(world);
    await net.run(1);
  }
  // All is well again: the last event must arrive.
  Object.assign(edge.doors, { ws: 0, sse: 0, poll: 0 });
  edge.append("AAPL");
  const last = edge.produced.length;
  for (let n = 0; n < 120 && items.at(-1) !== last; n++) {
    if (client.status.state === "closed" || client.status.state === "paused") {
      client.connect().catch(() => {});
    }
    edge.flow(100);
    await net.pass(5000, 2500);
  }
  const numbers = edge.produced.filter(({ sym }) => sym === "AAPL").map(({ t }) => t);
  assertEquals(flaw(items, numbers), undefined, `${transports}: ${steps.map(({ what }) => what).join("; ")}`);
  client.disconnect();
  await net.run();
  assertEquals([net.clock.pending, edge.pipes.size], [0, 0], "something was left behind");
}

Deno.test({
  name:
    "over any transports, whatever breaks, every wanted event is handed on once and in order, and every hole is told",
  permissions: { env: ["TICKCAST_LONG"] },
  async fn() {
    const transports = fc.constantFrom<readonly Transport[]>(
      ["websocket", "sse", "poll"],
      ["websocket", "sse", "poll"],
      ["websocket"],
      ["sse"],
      ["poll"],
      ["websocket", "poll"],
    );
    await fc.assert(
      fc.asyncProperty(transports, fc.array(STEPS, { minLength: 5, maxLength: 60, size: "max" }), live),
      { numRuns: RUNS, ...(!IS_LONG && { seed: 7 }) },
    );
  },
});

Deno.test({
  name:
    "the property's own eye sees a repeat, a wrong order, a silent hole, a wrong number and a missing end",
  permissions: "none",
  fn() {
    const gap = (lost: number, after: number, before: number): GapNotice => ({
      type: "gap",
      stream: "tick",
      cause: "evicted",
      after: `k-${after}`,
      before: `k-${before}`,
      lost,
    });
    const wrong: readonly Item[][] = [[1, 1, 2, 3], [1, 3, 2], [1, 3], [1, gap(5, 1, 3), 3], [1, 2]];
    for (const items of wrong) assert(flaw(items, [1, 2, 3]) !== undefined, JSON.stringify(items));
    assertEquals(flaw([1, gap(1, 1, 3), 3], [1, 2, 3]), undefined);
  },
});
