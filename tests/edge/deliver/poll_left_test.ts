/** A poll that waits for a client who has left is over on either server: it holds no place, and is given nothing. */
import { assertEquals } from "@std/assert";
import type { EdgeSettings } from "../../../src/feed/settings/settings.ts";
import { aTrade } from "../../support/event_factory.ts";
import { until } from "../../support/until.ts";
import { edgeRig } from "../edge_rig.ts";

/** Longer than the test waits for anything. */
const WAIT_SECONDS = 25;

const SERVERS: readonly EdgeSettings["server"][] = ["deno", "hardened"];
for (const server of SERVERS) {
  Deno.test(`SERVER=${server}: nobody waits for a poll whose client has left`, async () => {
    await using rig = edgeRig({ settings: { server } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    const { counters } = rig.edge;
    await rig.writer.append("tick", [aTrade({ tid: "1" })]);
    const url = `http://127.0.0.1:${port}/events/tick`;
    const { cursor } = await (await fetch(url)).json();
    const leaving = new AbortController();
    const asked = fetch(`${url}?cursor=${cursor}&wait=${WAIT_SECONDS}`, { signal: leaving.signal });
    const gone = asked.then(() => false, () => true);
    await until(() => counters.active.poll === 1, "it waits");
    const before = counters.eventsSent;
    leaving.abort();
    assertEquals(await gone, true);
    await until(() => counters.active.poll === 0, "it is over");
    await rig.writer.append("tick", [aTrade({ tid: "2" })]);
    const after = await (await fetch(`${url}?cursor=${cursor}&wait=${WAIT_SECONDS}`)).json();
    assertEquals([after.events.length, counters.eventsSent - before], [1, 1]);
  });
}
