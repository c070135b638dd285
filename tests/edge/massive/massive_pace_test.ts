/** How often a program at the Massive-compatible door is sent to, whatever it says meanwhile. */
import { assert } from "@std/assert";
import { anonymous } from "../../../src/edge/admit/principal.ts";
import { aTrade } from "../../support/event_factory.ts";
import { massiveScene } from "./massive_scene.ts";

Deno.test({
  name: "a program that changes its pairs all the time is served no more often than its tier may be",
  permissions: "none",
  fn: async () => {
    const { rig, socket, handlers, clock, say, end } = massiveScene({ authenticate: anonymous("standard") });
    await say("auth", "any");
    await say("subscribe", "T.*");
    const before = socket.sent.length;
    for (let n = 0; n < 300; n++) {
      await rig.writer.append("tick", [aTrade({ sym: "AAPL", tid: String(n), t: 1000 + n })]);
      if (n % 3 === 0) {
        const action = n % 6 === 0 ? "subscribe" : "unsubscribe";
        handlers.onMessage(JSON.stringify({ action, params: "T.MSFT" }));
      }
      await clock.advance(10);
    }
    await clock.advance(500);
    const sent = socket.sent.slice(before).filter((text) => text.includes('"ev":"T"'));
    const trades = sent.flatMap((text) => JSON.parse(text)).length;
    await end();
    assert(trades === 300, `${trades} of 300`);
    assert(sent.length <= 36, `${sent.length} frames in 3.5 s`);
  },
});
