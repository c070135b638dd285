/** Clients that others wrote: npm's `ws` and `eventsource`, and curl. */
import { assertEquals, assertMatch } from "@std/assert";
import { EventSource } from "eventsource";
import { WebSocket as WsClient } from "ws";
import { aTrade } from "../../support/event_factory.ts";
import { until } from "../../support/until.ts";
import { edgeRig } from "../edge_rig.ts";
import { Inbox } from "../test_clients.ts";

/** What curl shows by the first event; it may come in pieces. */
const WHOLE = /^HTTP\/1\.1 200[\s\S]*retry: 2000[\s\S]*event: tick\ndata: \[\{"id":/;

const trades = (count: number) => Array.from({ length: count }, (_, n) => aTrade({ tid: String(n) }));

for (const server of ["deno", "hardened"] as const) {
  Deno.test(`npm's ws connects, is sent events and is closed with our code (SERVER=${server})`, async () => {
    await using rig = edgeRig({ settings: { server } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    const inbox = new Inbox();
    const client = new WsClient(`ws://127.0.0.1:${port}/ws/tick?symbols=*`, ["tickcast.v1"], {
      perMessageDeflate: true,
    });
    const closed = Promise.withResolvers<number>();
    client.on("message", (data: Uint8Array) => inbox.push(JSON.parse(new TextDecoder().decode(data))));
    client.on("close", (code: number) => closed.resolve(code));
    await inbox.first("subscribed");
    await rig.writer.append("tick", trades(3));
    assertEquals((await inbox.events(3)).length, 3);
    assertEquals(client.protocol, "tickcast.v1");
    await rig.edge.drain();
    assertEquals(await closed.promise, 4002);
  });

  Deno.test(`npm's eventsource resumes by itself where it was cut (SERVER=${server})`, async () => {
    await using rig = edgeRig({ settings: { server } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    const inbox = new Inbox();
    const source = new EventSource(`http://127.0.0.1:${port}/sse/tick`);
    source.addEventListener("subscribed", () => inbox.push({ type: "subscribed" }));
    source.addEventListener(
      "tick",
      ({ data, lastEventId }) =>
        inbox.push({ type: "events", events: JSON.parse(data), cursor: lastEventId }),
    );
    await inbox.first("subscribed");
    await rig.writer.append("tick", trades(2));
    await inbox.events(2);
    for (const session of [...rig.edge.hub.sessions()]) session.close(1001, "cut", 10);
    await rig.writer.append("tick", trades(4));
    const ids = await inbox.events(6);
    source.close();
    assertEquals(ids.map((id) => Number(id.split("-")[1])), [1, 2, 3, 4, 5, 6]);
    await until(() => rig.edge.hub.size === 0, "the stream let go");
  });

  const curl = await new Deno.Command("curl", { args: ["--version"], stdout: "null", stderr: "null" })
    .output()
    .then(({ success }) => success, () => false);
  Deno.test({
    name: `curl -N shows events as they come (SERVER=${server})${
      curl ? "" : " (ignored: apt-get install curl)"
    }`,
    ignore: !curl,
    async fn() {
      await using rig = edgeRig({ settings: { server } });
      const { port } = await rig.edge.serve("127.0.0.1", 0);
      const child = new Deno.Command("curl", {
        args: ["-sN", "-i", `http://127.0.0.1:${port}/sse/tick`],
        stdout: "piped",
        stderr: "null",
      }).spawn();
      let text = "";
      let written = false;
      for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        if (!written && text.includes("event: subscribed")) {
          written = true;
          await rig.writer.append("tick", trades(1));
        }
        if (WHOLE.test(text)) break;
      }
      if (!await Promise.race([child.status.then(() => true), Promise.resolve(false)])) child.kill();
      await child.status;
      assertMatch(text, WHOLE);
    },
  });
}
