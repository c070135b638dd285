/** The checklist's rows about peers of an event stream that read nothing, or next to nothing, on both servers' real sockets. */
import { assert, assertEquals } from "@std/assert";
import { aTrade } from "../support/event_factory.ts";
import { until } from "../support/until.ts";
import { edgeRig } from "./edge_rig.ts";
import { SocketClient } from "./test_clients.ts";

const MAX_BUFFERED_BYTES = 512 * 1024;
/** The longest frame there is may be on top of the bound. */
const FRAME_MAX_BYTES = 256 * 1024;
const LIMIT_MS = 60_000;
const TRICKLE_MS = 50;

/** Reads one byte after the other, with a pause between, until the connection ends. */
async function trickle(connection: Deno.Conn): Promise<void> {
  const byte = new Uint8Array(1);
  while (await connection.read(byte).catch(() => null) !== null) {
    await new Promise((resolve) => setTimeout(resolve, TRICKLE_MS));
  }
}

for (const server of ["deno", "hardened"] as const) {
  for (
    const [name, read] of [
      ["an event stream nobody reads", () => Promise.resolve()],
      ["an event stream read byte by byte", trickle],
    ] as const
  ) {
    Deno.test(`${name} is warned about, bounded and closed, and holds up nobody (SERVER=${server})`, async () => {
      await using rig = edgeRig({ settings: { server, clientMaxBufferedBytes: MAX_BUFFERED_BYTES } });
      const { port } = await rig.edge.serve("127.0.0.1", 0);
      const slow = await Deno.connect({ hostname: "127.0.0.1", port });
      await slow.write(new TextEncoder().encode("GET /sse/tick HTTP/1.1\r\nHost: x\r\n\r\n"));
      const { counters, hub } = rig.edge;
      await until(() => hub.size === 1, "it is there");
      const [session] = hub.sessions();
      const reading = read(slow);
      await using other = new SocketClient(port, "/ws/tick?symbols=AAPL");
      await other.first("subscribed");
      let tid = 0;
      let most = 0;
      const [feed] = rig.edge.core.feeds.all();
      // Until what the kernels hold for it is full too; no faster than the edge pulls, or there are gaps for everybody.
      await until(
        async () => {
          if ((feed?.log.end ?? 0) < tid) return false;
          const trades = Array.from(
            { length: 400 },
            () => aTrade({ sym: "MSFT", tid: `${"x".repeat(200)}${tid++}` }),
          );
          await rig.writer.append("tick", trades);
          most = Math.max(most, session?.buffered() ?? 0);
          return counters.slowClosed === 1;
        },
        "it is closed",
        LIMIT_MS,
      );
      assert(most > 0 && most <= MAX_BUFFERED_BYTES + FRAME_MAX_BYTES, `${most} bytes waited`);
      assertEquals([counters.slowWarned, hub.size], [1, 1]);
      const { epoch, seq } = await rig.writer.append("tick", [aTrade({ sym: "AAPL" })]);
      assertEquals(await other.events(1), [`${epoch}-${seq}`]);
      assertEquals([other.of("gap"), other.of("warning")], [[], []]);
      slow.close();
      await reading;
    });
  }
}
