/** A machine that slept for a minute: no timer ran, the clock jumped, the connection is dead and nobody was told. */
import { assert, assertEquals } from "@std/assert";
import type { Transport } from "../../src/client/link.ts";
import type { GapNotice } from "../../src/client/message.ts";
import { Tickcast } from "../../src/client/tickcast.ts";
import { FakePage } from "./fake_platform.ts";
import { MemoryEdge } from "./memory_edge.ts";
import { MemoryNet } from "./memory_net.ts";

const TRANSPORTS: readonly Transport[] = ["websocket", "sse", "poll"];
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

/** How the user's machine tells of its end: not at all, or the page becomes visible again. */
const WAKINGS = ["nothing", "the page is shown"] as const;

for (const transport of TRANSPORTS) {
  for (const waking of WAKINGS) {
    for (const keep of [1000, 10]) {
      const what = keep < 100 ? "what has left the list meanwhile is told" : "nothing is lost";
      Deno.test({
        name:
          `over ${transport}, after a sleep of 60 s and ${waking}, events flow again in seconds and ${what}`,
        permissions: "none",
        async fn() {
          const net = new MemoryNet();
          const edge = new MemoryEdge(net);
          const page = new FakePage();
          const [seen, gaps]: [number[], GapNotice[]] = [[], []];
          using client = new Tickcast("http://edge.test", {
            transports: [transport],
            platform: net.platform({ page }),
          });
          client.subscribe({ streams: ["tick"] }, {
            onEvents: ({ events }) => seen.push(...events.map(({ t }) => t)),
            onGap: (gap) => gaps.push(gap),
          });
          void client.connect();
          const flow = async (seconds: number, isDone: () => boolean) => {
            let n = 0;
            for (; n < seconds * 4 && !isDone(); n++) {
              edge.flow(50);
              await net.pass(250);
            }
            assert(isDone(), `not within ${seconds} s: ${JSON.stringify(client.status)}`);
          };
          await flow(5, () => client.cursor !== "");
          for (let n = 0; n < 5; n++) edge.append("AAPL");
          await flow(5, () => seen.length === 5);
          edge.vanish();
          for (let n = 0; n < 30; n++) edge.append("AAPL");
          edge.trim(keep);
          net.clock.jump(net.clock.now() + 60_000);
          if (waking !== "nothing") page.tell("document", "visibilitychange");
          // A poll can't be asked whether it lives: it is left at the next look.
          await flow(12, () => seen.at(-1) === 35);
          const lost = keep < 100 ? 20 : 0;
          assertEquals(seen, [...upTo(5), ...upTo(35).slice(5 + lost)]);
          assertEquals(gaps.map((gap) => [gap.lost, gap.cause]), lost > 0 ? [[lost, "evicted"]] : []);
        },
      });
    }
  }
}
