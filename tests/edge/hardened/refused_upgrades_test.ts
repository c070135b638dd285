/** An upgrade that is refused is over, whether or not its peer closes: its connection stays nobody's. */
import { assert, assertEquals } from "@std/assert";
import { addressConnectionsMax } from "../../../src/edge/hardened/connection_guard.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { handshakeText, rawRequest } from "../../support/raw_http.ts";
import { until } from "../../support/until.ts";
import { edgeRig } from "../edge_rig.ts";

Deno.test("refused upgrades whose peers never close keep no connection of their address (SERVER=hardened)", async () => {
  const clock = new ManualClock();
  const rig = edgeRig({ clock, settings: { server: "hardened", maxConnectionsPerIp: 1 } });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  using peers = new DisposableStack();
  const decoder = new TextDecoder();
  const refused = new TextEncoder().encode(handshakeText("/ws/nope"));
  for (let n = 0; n < addressConnectionsMax(1); n++) {
    const peer = peers.use(await Deno.connect({ hostname: "127.0.0.1", port }));
    await peer.write(refused);
    const answer = new Uint8Array(512);
    assert(decoder.decode(answer.subarray(0, await peer.read(answer) ?? 0)).startsWith("HTTP/1.1 404"));
  }
  assertEquals((await rawRequest(port, handshakeText("/ws"))).status, 0);
  await until(async () => {
    await clock.advance(5_000);
    return (await rawRequest(port, handshakeText("/ws"))).status === 101;
  }, "the next one comes in");
  const drained = rig[Symbol.asyncDispose]();
  await clock.advance(10_000);
  await drained;
});
