/** What Deno's own server can't hold, asserted as the limits docs/checklist.md lists: when one of these fails, the runtime has improved. */
import { assert, assertEquals } from "@std/assert";
import { aTrade } from "../support/event_factory.ts";
import { frameBytes, RawSocket } from "../support/raw_socket.ts";
import { edgeRig } from "./edge_rig.ts";
import { SocketClient } from "./test_clients.ts";

const MIB = 1024 * 1024;
/** Longer than the hardened server gives headers. */
const TRICKLE_MS = 6_500;
const TRICKLE_EVERY_MS = 500;

Deno.test("headers that trickle and silence have no deadline there, and trouble nobody (SERVER=deno)", async () => {
  await using rig = edgeRig();
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  using slow = await Deno.connect({ hostname: "127.0.0.1", port });
  using silent = await Deno.connect({ hostname: "127.0.0.1", port });
  const write = (text: string) => slow.write(new TextEncoder().encode(text));
  await write("GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ");
  const ended: string[] = [];
  const watch = (one: Deno.Conn, name: string) =>
    one.read(new Uint8Array(1)).then(() => ended.push(name), () => ended.push(name));
  const [first, second] = [watch(slow, "slow"), watch(silent, "silent")];
  for (let n = 0; n < TRICKLE_MS / TRICKLE_EVERY_MS; n++) {
    await write("x");
    await new Promise((resolve) => setTimeout(resolve, TRICKLE_EVERY_MS));
  }
  assertEquals(ended, []);
  await using client = new SocketClient(port, "/ws/tick");
  await client.first("hello");
  await write("\r\n\r\n");
  await first;
  silent.close();
  await second;
});

Deno.test("unfinished fragments are kept until they are finished there, of whatever length (SERVER=deno)", async () => {
  await using rig = edgeRig();
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  using socket = await RawSocket.open(port, "/ws/tick");
  await socket.until("hello");
  await socket.write(frameBytes({ fin: false, payload: '{"action":"ping","pad":"' }));
  const part = frameBytes({ opcode: 0, fin: false, payload: "x".repeat(64 * 1024) });
  for (let n = 0; n < 32; n++) await socket.write(part);
  await socket.write(frameBytes({ opcode: 0, payload: '"}' }));
  // Whole, it is over what a message may be.
  assertEquals(await socket.ending(), 4504);
});

Deno.test("a frame of 60 MiB is read whole there before it is refused, one of 65 MiB is cut (SERVER=deno)", async () => {
  await using rig = edgeRig();
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  await using witness = new SocketClient(port, "/ws/tick?symbols=*");
  await witness.first("subscribed");
  for (const [mib, endings] of [[60, [4504]], [65, ["cut", 0, 1006, 1009]]] as const) {
    using socket = await RawSocket.open(port, "/ws/tick");
    await socket.until("hello");
    await socket.write(frameBytes({ payload: "x".repeat(mib * MIB) }));
    const ending = await socket.ending();
    assert(endings.some((one) => one === ending), `${mib} MiB: ${ending}`);
  }
  await rig.writer.append("tick", [aTrade()]);
  await witness.events(1);
});
