/** What programs at the Massive-compatible door are told of events, on real sockets of both servers: theirs, in order, until a gap. */
import { assertEquals, assertMatch } from "@std/assert";
import { aFairValue, aGap, aMinute, aSecond, aTrade } from "../../support/event_factory.ts";
import { serve, SERVERS } from "./massive_program.ts";

for (const server of SERVERS) {
  const test = (name: string, fn: () => Promise<void>) => Deno.test(`${name} (SERVER=${server})`, fn);

  test("a program gets what it subscribed, in Massive's shape and in order, and nothing from before", async () => {
    await using served = await serve(server);
    await served.append("tick", aTrade({ tid: "before" }));
    await using program = served.program();
    await program.begin("T.AAPL,A.MSFT,AM.*,FMV.AAPL");
    await served.append(
      "tick",
      aTrade({ tid: "7" }),
      aTrade({ sym: "MSFT" }),
      aSecond(),
      aSecond({ sym: "MSFT" }),
    );
    await program.until(2);
    await served.append(
      "minute",
      aMinute(),
      aMinute({ sym: "X:BTC-USD" }),
      aMinute({ sym: "NVDA", synthetic: true }),
    );
    await program.until(3);
    await served.append("fmv", aFairValue({ sym: "MSFT" }), aFairValue());
    const told = await program.until(4);
    assertEquals(told.map(({ ev, sym, i }) => [ev, sym, i]), [
      ["T", "AAPL", "7"],
      ["A", "MSFT", undefined],
      ["AM", "AAPL", undefined],
      ["FMV", "AAPL", undefined],
    ]);
    assertMatch(program.texts.at(-1) ?? "", /"t":\d{19}\}\]$/);
  });

  test("crypto has a door of its own", async () => {
    await using served = await serve(server);
    await using program = served.program("crypto");
    await program.begin("XT.*");
    await served.append("tick", aTrade(), aTrade({ sym: "X:BTC-USD" }));
    const [coin] = await program.until(1);
    assertEquals([coin?.ev, coin?.pair], ["XT", "BTC-USD"]);
  });

  test("subscribing while events flow neither loses nor repeats one", async () => {
    await using served = await serve(server);
    await using program = served.program();
    await program.begin("T.AAPL");
    let sent = 0;
    const next = () => aTrade({ tid: String(sent++) });
    for (let round = 0; round < 20; round++) {
      program.say(round % 2 ? "unsubscribe" : "subscribe", "T.MSFT,A.*");
      await served.append("tick", next(), next(), aTrade({ sym: "NVDA" }), next());
    }
    await program.until(60);
    const ids = () => program.told.filter(({ ev }) => ev === "T").map(({ i }) => Number(i));
    while (ids().length < 60) await program.until(program.told.length + 1);
    assertEquals(ids(), Array.from({ length: 60 }, (_, n) => n));
  });

  test("a gap ends the connection, and nothing is said about it", async () => {
    await using served = await serve(server);
    await using program = served.program();
    await program.begin("T.*");
    await served.append("tick", aTrade(), aGap(), aTrade({ tid: "after" }));
    const { code } = await program.ended;
    assertEquals(program.told.map(({ ev }) => ev), ["T"]);
    // Deno's own server can't drop a connection: 1012 is what comes nearest (docs/protocol.md). 0 is what a client
    // here calls no close frame.
    assertEquals(code, server === "deno" ? 1012 : 0);
    assertEquals(served.rig.edge.counters.gaps.get("overflow"), 1);
  });

  test("a gap in a stream that is not followed changes nothing", async () => {
    await using served = await serve(server);
    await using program = served.program();
    await program.begin("AM.*");
    await served.append("tick", aGap());
    await served.append("minute", aMinute());
    assertEquals((await program.until(1)).map(({ ev }) => ev), ["AM"]);
  });
}
