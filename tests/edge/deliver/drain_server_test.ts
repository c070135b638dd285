/** Going away, on real servers: everybody is told, closed with our code, and nothing is left. */
import { assert, assertEquals } from "@std/assert";
import { aTrade } from "../../support/event_factory.ts";
import { ownTime } from "../../support/own_time.ts";
import { edgeRig } from "../edge_rig.ts";
import { SocketClient, StreamClient } from "../test_clients.ts";

for (const server of ["deno", "hardened"] as const) {
  Deno.test(`a drain ends sockets with 4002, streams with a retry, polls with an answer (SERVER=${server})`, async () => {
    await using rig = edgeRig({ settings: { server } });
    const { port, finished } = await rig.edge.serve("127.0.0.1", 0);
    await rig.writer.append("tick", [aTrade()]);
    await using socket = new SocketClient(port, "/ws/tick?symbols=*");
    await using stream = new StreamClient(port, "/sse/tick");
    await Promise.all([socket.first("subscribed"), stream.first("subscribed")]);
    const ownMs = ownTime();
    const waiting = fetch(`http://127.0.0.1:${port}/events/tick?wait=25`);
    const readiness = async () => (await rig.edge.fetch(new Request("http://edge/health/ready"))).status;
    const before = await readiness();
    const drained = rig.edge.drain();
    const during = await readiness();
    const [reconnect, told] = await Promise.all([socket.first("reconnect"), stream.first("reconnect")]);
    assertEquals([typeof reconnect.after_ms, typeof told.after_ms], ["number", "number"]);
    const answer = await waiting.catch(() => undefined);
    await answer?.body?.cancel();
    assertEquals((await socket.closed).code, 4002);
    await stream.ended.promise;
    assertEquals([before, during, stream.retryMs, rig.edge.hub.size], [200, 503, 1500, 0]);
    await drained;
    await finished;
    assert(ownMs() < 5_000, `it took ${ownMs()} ms`);
  });
}
