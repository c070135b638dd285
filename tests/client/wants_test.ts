import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type Ask,
  commandsFor,
  mergeAsks,
  symbolFilter,
  type Want,
  type Wants,
} from "../../src/client/wants.ts";

const anAsk = (over: Partial<Ask>): Ask => ({
  streams: ["tick"],
  symbols: ["AAPL"],
  mode: "all",
  maxHz: undefined,
  fields: undefined,
  snapshot: false,
  ...over,
});

Deno.test({
  name: "subscriptions merge into what covers them all",
  permissions: "none",
  fn() {
    const wants = mergeAsks([
      anAsk({ symbols: ["MSFT", "AAPL"], mode: "latest", maxHz: 1, fields: ["price"] }),
      anAsk({ symbols: ["BTC-USD"], mode: "latest", maxHz: 5, fields: ["size"], snapshot: true }),
      anAsk({ streams: ["minute"], symbols: ["AAPL", "*"] }),
    ]);
    assertEquals(wants.get("tick"), {
      symbols: ["AAPL", "MSFT", "X:BTC-USD"],
      mode: "latest",
      maxHz: 5,
      fields: ["price", "size"],
      snapshot: true,
    });
    assertEquals(wants.get("minute")?.symbols, ["*"]);
    const all = mergeAsks([anAsk({ mode: "latest", maxHz: 1, fields: ["price"] }), anAsk({})]).get("tick");
    assertEquals([all?.mode, all?.maxHz, all?.fields], ["all", undefined, undefined]);
  },
});

/** A server as design.md §7 says: one subscription per stream, subscribe adds symbols and replaces what it names. */
function serve(held: Map<string, Want>, commands: ReturnType<typeof commandsFor>): void {
  for (const { action, streams, symbols, mode, max_hz, fields } of commands) {
    for (const stream of streams) {
      const was = held.get(stream);
      if (action === "unsubscribe" && symbols === undefined) held.delete(stream);
      else if (action === "unsubscribe") {
        if (was) held.set(stream, { ...was, symbols: was.symbols.filter((one) => !symbols?.includes(one)) });
      } else {
        const merged = [...new Set([...(was?.symbols ?? []), ...(symbols ?? [])])].sort();
        held.set(stream, {
          symbols: merged.includes("*") ? ["*"] : merged,
          mode: mode ?? was?.mode ?? "all",
          maxHz: max_hz ?? was?.maxHz,
          fields: fields ?? was?.fields,
          snapshot: false,
        });
      }
    }
  }
}

const plain = (wants: Wants) =>
  [...wants].map(([stream, want]) => [stream, { ...want, snapshot: false }]).sort();

Deno.test({
  name: "whatever is asked for in turn, the commands bring the server to exactly that",
  permissions: "none",
  fn() {
    const ask = fc.record({
      streams: fc.uniqueArray(fc.constantFrom("tick", "minute", "fmv"), { minLength: 1 }),
      symbols: fc.uniqueArray(fc.constantFrom("AAPL", "MSFT", "NVDA", "X:*", "*"), { minLength: 1 }),
      mode: fc.constantFrom("all" as const, "latest" as const),
      maxHz: fc.constantFrom(undefined, 1, 5),
      fields: fc.constantFrom(undefined, ["price"], ["price", "size"]),
      snapshot: fc.boolean(),
    });
    fc.assert(fc.property(fc.array(fc.array(ask, { maxLength: 4 }), { maxLength: 6 }), (steps) => {
      const server = new Map<string, Want>();
      let held: Wants = new Map();
      for (const asks of steps) {
        const wanted = mergeAsks(asks);
        serve(server, commandsFor(held, wanted, () => ""));
        assertEquals(plain(server), plain(wanted));
        assertEquals(commandsFor(wanted, wanted, () => ""), []);
        held = wanted;
      }
    }));
  },
});

Deno.test({
  name: "each stream has a command of its own, begun at its own cursor or now",
  permissions: "none",
  fn() {
    const commands = commandsFor(
      new Map(),
      mergeAsks([anAsk({ streams: ["tick", "minute", "fmv"] })]),
      (streams) => streams.filter((one) => one !== "fmv").map((one) => `${one}:aaaaaaaa-1`).join(","),
    );
    assertEquals(commands.map(({ streams, cursor }) => [streams, cursor]), [
      [["tick"], "tick:aaaaaaaa-1"],
      [["minute"], "minute:aaaaaaaa-1"],
      [["fmv"], undefined],
    ]);
  },
});

Deno.test({
  name: "a stream that narrows from all is left and taken up again at its cursor",
  permissions: "none",
  fn() {
    const held = mergeAsks([anAsk({ symbols: ["*"] })]);
    const commands = commandsFor(held, mergeAsks([anAsk({})]), () => "tick:aaaaaaaa-9");
    assertEquals(commands.map(({ action, cursor }) => [action, cursor]), [["unsubscribe", undefined], [
      "subscribe",
      "tick:aaaaaaaa-9",
    ]]);
  },
});

Deno.test({
  name: "a list of symbols too long for one message becomes all of them",
  permissions: "none",
  fn() {
    const symbols = Array.from({ length: 3000 }, (_, n) => `SYM${n}`);
    assertEquals(mergeAsks([anAsk({ symbols })]).get("tick")?.symbols, ["*"]);
    assertEquals(mergeAsks([anAsk({ symbols: symbols.slice(0, 500) })]).get("tick")?.symbols.length, 500);
  },
});

Deno.test({
  name: "a subscription picks names, prefixes and Massive's crypto spelling",
  permissions: "none",
  fn() {
    const wants = symbolFilter(["AAPL", "X:ETH*", "BTC-USD"]);
    assertEquals(["AAPL", "AAPLW", "X:ETH-USD", "X:BTC-USD", "X:DOGE-USD"].map(wants), [
      true,
      false,
      true,
      true,
      false,
    ]);
    assertEquals(symbolFilter(["*"])("ANY"), true);
  },
});
