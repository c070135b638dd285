/**
 * What an official Massive client sees through the door is what it sees from the upstream itself: value for value, in
 * order, nothing missing and nothing twice. The client is `@massive.com/client-js`, unchanged but for its host.
 */
import { assert, assertEquals } from "@std/assert";
import { websocketClient } from "@massive.com/client-js";
import { startRunning } from "../support/running.ts";
import { until } from "../support/until.ts";

const DEADLINE_MS = 20_000;

type Market = "stocks" | "crypto";

/** One official client and every event it was given, as canonical text. */
class Official implements Disposable {
  readonly events: string[] = [];
  readonly statuses: string[] = [];
  readonly #socket: ReturnType<ReturnType<typeof websocketClient>["stocks"]>;

  constructor(base: string, market: Market, params: string) {
    this.#socket = websocketClient("simulator", base)[market]();
    this.#socket.onmessage = ({ data }: { readonly data: unknown }) => this.#take(String(data), params);
    this.#socket.onerror = () => this.statuses.push("socket error");
  }

  #take(text: string, params: string): void {
    // Nanoseconds don't fit a double: told apart as text.
    const elements: Record<string, unknown>[] = JSON.parse(text.replace(/:(\d{16,})(?=[,}])/g, ':"$1"'));
    for (const element of elements) {
      if (element.ev !== "status") this.events.push(canonical(element));
      else {
        this.statuses.push(String(element.status));
        if (element.status === "auth_success") {
          this.#socket.send(JSON.stringify({ action: "subscribe", params }));
        }
      }
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

const canonical = (element: Record<string, unknown>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(element).sort(([a], [b]) => a < b ? -1 : 1)));

/** Waits until both have seen enough of the same. */
async function untilCommon(direct: Official, door: Official, wanted: number): Promise<void> {
  const enough = () => door.events.length >= wanted && direct.events.includes(door.events.at(-1) ?? "");
  await until(enough, "what both have seen", DEADLINE_MS).catch((cause) => {
    const seen = `direct ${direct.events.length}, door ${door.events.length}`;
    throw new Error(`${seen}, ${door.statuses} ${direct.statuses}`, { cause });
  });
}

/** Events in the span that both were there for. Order is promised per channel. */
function assertSame(direct: Official, door: Official, wanted: number): void {
  const seen = new Set(direct.events);
  const first = door.events.findIndex((event) => seen.has(event));
  const from = direct.events.indexOf(door.events[first] ?? "");
  const theirs = byChannel(door.events.slice(first));
  const ours = byChannel(direct.events.slice(from));
  let compared = 0;
  for (const [channel, events] of theirs) {
    const expected = ours.get(channel) ?? [];
    // Each side may be ahead of the other at its end, and the other channels began a little earlier or later.
    const start = Math.max(0, expected.indexOf(events[0] ?? ""));
    const skipped = events.indexOf(expected[start] ?? "");
    const length = Math.min(expected.length - start, events.length - skipped);
    assertEquals(events.slice(skipped, skipped + length), expected.slice(start, start + length), channel);
    compared += length;
  }
  assert(compared >= wanted / 2, `only ${compared} events to compare`);
}

const byChannel = (events: readonly string[]): Map<string, string[]> =>
  Map.groupBy(events, (event) => /"ev":"(\w+)"/.exec(event)?.[1] ?? "");

const CASES: readonly (readonly [market: Market, path: string, params: string, wanted: number])[] = [
  ["stocks", "", "T.*,A.*", 300],
  ["stocks", "/business", "FMV.*", 80],
  ["crypto", "", "XT.*,XAS.*", 300],
];

for (const [market, path, params, wanted] of CASES) {
  Deno.test(`an official client sees ${params} of ${market} through the door as from the upstream itself`, async () => {
    await using running = await startRunning({
      MASSIVE_MARKETS: market,
      SIMULATOR_SEED: "11",
      SIMULATOR_SYMBOLS: "30",
    });
    const upstream = running.tickcast.simulator?.url ?? "";
    using door = new Official(`${running.base.replace("http", "ws")}/massive`, market, params);
    using direct = new Official(`${upstream}${path}`, market, params);
    await untilCommon(direct, door, wanted);
    assertSame(direct, door, wanted);
    assertEquals(door.statuses, direct.statuses);
  });
}
