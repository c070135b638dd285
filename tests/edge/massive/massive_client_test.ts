import { assertEquals } from "@std/assert";
import { MassiveDoor } from "../../../src/edge/massive/massive_door.ts";
import { CUT_CODE, CUT_PATIENCE_MS } from "../../../src/edge/massive/massive_socket.ts";
import * as status from "../../../src/edge/massive/massive_status.ts";
import { anonymous, type Principal } from "../../../src/edge/admit/principal.ts";
import { aTrade } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { edgeRig } from "../edge_rig.ts";
import { massiveScene, Socket } from "./massive_scene.ts";

const AUTH_TIMEOUT_MS = 5_000;

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

pure("who does not authenticate in time is told so and let go", async () => {
  const { clock, socket, end } = massiveScene();
  await clock.advance(AUTH_TIMEOUT_MS - 1);
  assertEquals([socket.sent, socket.terminated], [[`[${status.CONNECTED}]`], 0]);
  await clock.advance(1_000);
  assertEquals([socket.sent.at(-1), socket.terminated], [`[${status.AUTH_TIMEOUT}]`, 1]);
  await end();
});

pure("what was said last leaves before the connection is dropped, within a bound", async () => {
  const { clock, socket, say, end } = massiveScene({ authenticate: anonymous("free") });
  socket.bufferedAmount = 100;
  await say("auth", "any");
  assertEquals([socket.sent.at(-1), socket.terminated], [`[${status.PLAN_WITHOUT_WEBSOCKET}]`, 0]);
  await clock.advance(CUT_PATIENCE_MS);
  assertEquals(socket.terminated, 1);
  await end();
});

pure("a server that can't drop a connection closes it with 1012", async () => {
  const { socket, say, end } = massiveScene({ hardened: false, authenticate: anonymous("free") });
  await say("auth", "any");
  assertEquals(socket.closed, CUT_CODE);
  await end();
});

pure("a program that does not read gets no more, and is cut when that lasts", async () => {
  const { clock, rig, socket, say, end } = massiveScene();
  await say("auth", "any");
  await say("subscribe", "T.AAPL");
  await rig.writer.append("tick", [aTrade()]);
  await clock.advance(100);
  const before = socket.sent.length;
  socket.bufferedAmount = 600 * 1024;
  await rig.writer.append("tick", [aTrade({ tid: "2" })]);
  await clock.advance(200);
  assertEquals([socket.sent.length, rig.edge.counters.slowWarned], [before, 1]);
  await clock.advance(3_000);
  assertEquals([socket.terminated, rig.edge.counters.slowClosed, rig.edge.counters.active.massive], [
    1,
    1,
    0,
  ]);
  await end();
});

pure("a program that catches up gets everything it had not taken, unmerged", async () => {
  const { clock, rig, socket, say, end } = massiveScene();
  await say("auth", "any");
  await say("subscribe", "T.AAPL");
  socket.bufferedAmount = 600 * 1024;
  for (let n = 0; n < 5; n++) {
    await rig.writer.append("tick", [aTrade({ tid: String(n) })]);
    await clock.advance(100);
  }
  socket.bufferedAmount = 0;
  await rig.writer.append("tick", [aTrade({ tid: "5" })]);
  await clock.advance(300);
  const trades = socket.sent.flatMap((text) => JSON.parse(text)).filter(({ ev }) => ev === "T");
  assertEquals(trades.map(({ i }) => i), ["0", "1", "2", "3", "4", "5"]);
  await end();
});

pure("a token that expires ends the connection with 4004", async () => {
  const clockStart = new ManualClock().now();
  const { clock, socket, say, end } = massiveScene({
    authenticate: { ...anonymous("premium"), expiresAtMs: clockStart + 60_000 },
  });
  await say("auth", "any");
  await clock.advance(59_000);
  assertEquals(socket.closed, undefined);
  await clock.advance(2_000);
  assertEquals(socket.closed, 4004);
  await end();
});

pure("a new token with fewer rights takes away what it does not allow", async () => {
  let rights: Principal = anonymous("premium");
  const { clock, rig, door, end } = massiveScene();
  const socket = new Socket(true);
  const gated = edgeRig({
    clock,
    gate: {
      admit: () => ({ principal: undefined, headers: undefined }),
      authenticate: () => Promise.resolve(rights),
    },
  });
  const other = new MassiveDoor(gated.edge.core);
  const handlers = other.handlers(socket, "stocks", undefined);
  handlers.onOpen();
  const say = async (action: string, params: string) => {
    handlers.onMessage(JSON.stringify({ action, params }));
    await clock.advance(50);
  };
  await say("auth", "wide");
  await say("subscribe", "T.AAPL,AM.AAPL");
  rights = { ...rights, streams: new Set(["minute"]) };
  await say("auth", "narrow");
  assertEquals([...other.subscriptionsBySymbol()], [["AAPL", 1]]);
  await gated.writer.append("tick", [aTrade()]);
  await clock.advance(200);
  assertEquals(socket.sent.some((text) => text.includes('"ev":"T"')), false);
  handlers.onClose();
  other[Symbol.dispose]();
  const drained = gated.edge.drain();
  await clock.advance(5_000);
  await drained;
  await end();
  assertEquals([rig.edge.counters.active.massive, door.size], [0, 0]);
});

pure("closing twice, or before opening, harms nothing", async () => {
  const { handlers, door, rig, end } = massiveScene();
  handlers.onClose();
  handlers.onClose();
  handlers.onMessage("late");
  assertEquals([door.size, rig.edge.counters.active.massive, rig.edge.counters.closing], [0, 0, 0]);
  await end();
});
