/** Polls of a stream in which nothing happens. */
import { assertEquals } from "@std/assert";
import { Tickcast } from "../../src/client/tickcast.ts";
import { ManualClock, settle } from "../support/manual_clock.ts";
import "../../src/client/fallback_links.ts";
import { manualPlatform } from "./fake_platform.ts";

/** A server whose stream says nothing: a poll that waits is answered at the end of its wait. */
function aQuietServer(clock: ManualClock) {
  const waits: number[] = [];
  const fetch = (input: RequestInfo | URL) => {
    const wait = Number(new URL(String(input)).searchParams.get("wait") ?? 0);
    waits.push(wait);
    const answer = { stream: "minute", cursor: "minute:k0000001-5", events: [], gap: null };
    const { promise, resolve } = Promise.withResolvers<Response>();
    if (wait === 0) resolve(Response.json(answer));
    else clock.timer(wait * 1000, () => resolve(Response.json(answer)));
    return promise;
  };
  return { waits, fetch };
}

Deno.test({
  name: "a client that polls a quiet stream from a cursor is open at once, and stays so without asking often",
  permissions: "none",
  async fn() {
    const clock = new ManualClock();
    const { waits, fetch } = aQuietServer(clock);
    const states: string[] = [];
    using client = new Tickcast("http://edge", {
      transports: ["poll"],
      cursor: "minute:k0000001-5",
      platform: manualPlatform(clock, { fetch }),
      onStatusChange: ({ state }) => states.push(state),
    });
    client.subscribe({ streams: ["minute"], symbols: ["AAPL"] });
    client.connect().catch(() => {});
    // What is loaded at first use comes in its own time.
    while (waits.length === 0) await new Promise((resolve) => setTimeout(resolve));
    for (let second = 0; second < 300; second++) {
      await clock.advance(1000);
      await settle();
    }
    assertEquals(states, ["connecting", "open"]);
    assertEquals(waits.slice(0, 3), [0, 20, 20]);
    assertEquals(waits.length < 20, true, `${waits.length} requests in 300 s`);
  },
});
