/** A client of the load tool comes back when a server that goes away said it should, and like the project's own client else. */
import { assertEquals } from "@std/assert";
import { LoadClient } from "../../../src/operations/load/load_client.ts";
import { LoadFigures } from "../../../src/operations/load/load_figures.ts";
import type { Listen } from "../../../src/operations/load/load_link.ts";
import { MessageReader } from "../../../src/operations/load/read_message.ts";
import { ManualClock } from "../../support/manual_clock.ts";

/** Runs one client against connections that say `lines` and end; answers when each was begun and with which cursor. */
async function attempts(lines: readonly (readonly string[])[], forMs: number) {
  const clock = new ManualClock();
  const begun: { readonly atMs: number; readonly cursor: string }[] = [];
  const figures = new LoadFigures();
  const listen: Listen = (link) => {
    const said = lines[begun.length];
    begun.push({ atMs: clock.monotonic(), cursor: link.cursor });
    if (said === undefined) return Promise.reject(new Error("gone"));
    link.opened();
    for (const line of said) link.take(link.reader.read(line));
    return Promise.resolve();
  };
  const stop = new AbortController();
  const client = new LoadClient(
    {
      ...{ transport: "ws", url: "http://edge", streams: ["tick"], symbols: undefined, token: undefined },
      ...{ isSlow: false, isFlapping: false },
    },
    {
      ...{ clock, figures, random: () => 0.5, reader: new MessageReader(), onStretch: () => {} },
      listen: { ws: listen, sse: listen, poll: listen },
    },
  );
  const running = client.run(stop.signal);
  for (let ms = 0; ms < forMs; ms += 10) await clock.advance(10);
  stop.abort();
  await running;
  return { begun, figures };
}

const SUBSCRIBED = JSON.stringify({ type: "subscribed", cursor: "tick:k3f9a0b1-5" });
const leaving = (afterMs: number) =>
  JSON.stringify({ type: "reconnect", after_ms: afterMs, cursor: "tick:k3f9a0b1-7" });

Deno.test({
  name: "a drained client waits as long as it was told and resumes where it was told",
  permissions: "none",
  async fn() {
    const { begun, figures } = await attempts([[SUBSCRIBED, leaving(1_700)], [SUBSCRIBED]], 1_800);
    assertEquals(begun, [{ atMs: 0, cursor: "" }, { atMs: 1_700, cursor: "tick:k3f9a0b1-7" }]);
    assertEquals([figures.resumed, figures.dropped, figures.failed], [1, 2, 0]);
  },
});

Deno.test({
  name: "a client that is cut or refused waits longer each time, drawn anew",
  permissions: "none",
  async fn() {
    const { begun, figures } = await attempts([[SUBSCRIBED]], 4_000);
    assertEquals(begun.map(({ atMs }) => atMs), [0, 250, 750, 1_750, 3_750]);
    assertEquals(figures.failed, 4);
  },
});
