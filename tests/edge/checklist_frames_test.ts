/**
 * The checklist's *WS frames* part, byte by byte. The hardened server answers each row as RFC 6455 says; where Deno's own can't, the row
 * says what it does instead (`docs/security.md`). Whatever happens, a client beside it goes on.
 */
import { assert } from "@std/assert";
import { type Ending, frameBytes, type FrameParts, RawSocket } from "../support/raw_socket.ts";
import { aTrade } from "../support/event_factory.ts";
import { edgeRig } from "./edge_rig.ts";
import { SocketClient } from "./test_clients.ts";

const PING = '{"action":"ping","id":7}';
const big = (bytes: number) => JSON.stringify({ action: "ping", pad: "x".repeat(bytes) });
const closeFrame = (code: number, reason = ""): FrameParts => ({
  opcode: 8,
  payload: new Uint8Array([code >> 8, code & 255, ...new TextEncoder().encode(reason)]),
});

interface Row {
  readonly name: string;
  readonly frames: readonly FrameParts[];
  readonly hardened: readonly Ending[];
  /** `open`: it lives on, with whatever answer. */
  readonly deno: readonly Ending[];
}

const ended: readonly Ending[] = ["cut", 1002, 1006, 1007, 1009];

const ROWS: readonly Row[] = [
  {
    name: "an unmasked frame",
    frames: [{ masked: false, payload: PING }],
    hardened: [1002],
    deno: ["open", ...ended],
  },
  { name: "a reserved opcode", frames: [{ opcode: 3, payload: "x" }], hardened: [1002], deno: ended },
  { name: "a reserved control opcode", frames: [{ opcode: 11 }], hardened: [1002], deno: ended },
  { name: "an RSV bit", frames: [{ rsv: 4, payload: PING }], hardened: [1002], deno: ended },
  { name: "bad UTF-8", frames: [{ payload: new Uint8Array([0xc3, 0x28]) }], hardened: [1007], deno: ended },
  { name: "a continuation of nothing", frames: [{ opcode: 0, payload: "x" }], hardened: [1002], deno: ended },
  {
    name: "a ping of 126 bytes",
    frames: [{ opcode: 9, payload: "x".repeat(126) }],
    hardened: [1002],
    deno: ended,
  },
  {
    name: "a ping in fragments",
    frames: [{ opcode: 9, fin: false, payload: "x" }],
    hardened: [1002],
    deno: ended,
  },
  {
    name: "a message begun within another",
    frames: [{ fin: false, payload: "a" }, { payload: PING }],
    hardened: [1002],
    deno: ["open", ...ended],
  },
  { name: "a message of 17 KiB", frames: [{ payload: big(17 * 1024) }], hardened: [1009], deno: ["open"] },
  {
    name: "a message of 1 MiB",
    frames: [{ payload: big(1024 * 1024) }],
    hardened: [1009, "cut"],
    deno: [4504],
  },
  {
    name: "a frame that announces 1 GiB",
    frames: [{ announced: 1024 ** 3, payload: "x" }],
    hardened: [1009],
    deno: ["open", ...ended],
  },
  {
    name: "unfinished fragments over 16 KiB",
    frames: [
      { fin: false, payload: "x".repeat(1024) },
      ...Array<FrameParts>(20).fill({ opcode: 0, fin: false, payload: "x".repeat(1024) }),
    ],
    hardened: [1009],
    deno: ["open"],
  },
  {
    name: "close code 0",
    frames: [closeFrame(0)],
    hardened: [1002],
    deno: ["open", "cut", 0, 1000, ...ended],
  },
  {
    name: "close code 1005",
    frames: [closeFrame(1005)],
    hardened: [1002],
    deno: ["open", "cut", 1005, ...ended],
  },
  {
    name: "close code 1006",
    frames: [closeFrame(1006)],
    hardened: [1002],
    deno: ["open", "cut", ...ended],
  },
  {
    name: "close code 5000",
    frames: [closeFrame(5000)],
    hardened: [1002],
    deno: ["open", "cut", 5000, ...ended],
  },
  {
    name: "a close reason of 124 bytes",
    frames: [closeFrame(1000, "x".repeat(124))],
    hardened: [1002],
    deno: ["open", 1000, ...ended],
  },
  {
    name: "data after a close",
    frames: [closeFrame(1000), { payload: PING }],
    hardened: [1000],
    deno: [1000],
  },
  { name: "a proper close", frames: [closeFrame(1000)], hardened: [1000], deno: [1000] },
];

for (const server of ["deno", "hardened"] as const) {
  Deno.test(`every odd frame has its answer, and a client beside it goes on (SERVER=${server})`, async (t) => {
    await using rig = edgeRig({ settings: { server } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    await using witness = new SocketClient(port, "/ws/tick?symbols=*");
    await witness.first("subscribed");
    let events = 0;
    for (const row of ROWS) {
      await t.step(row.name, async () => {
        using socket = await RawSocket.open(port, "/ws/tick");
        await socket.until("hello");
        for (const parts of row.frames) await socket.write(frameBytes(parts));
        const allowed = row[server];
        const ending = await socket.ending(allowed.includes("open") ? 150 : undefined);
        assert(allowed.includes(ending), `it ended with ${ending}`);
        await rig.writer.append("tick", [aTrade({ tid: row.name })]);
        await witness.events(++events);
      });
    }
  });
}
