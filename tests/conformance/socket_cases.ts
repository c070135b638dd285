/** What is a socket's alone: its greeting, its commands, its answers, its end. */
import { assert, assertEquals } from "@std/assert";
import { SocketClient } from "../edge/test_clients.ts";
import type { Case } from "./case.ts";
import { placeOfId, placesOfCursor } from "./positions.ts";

/** Longer than any server takes a message to be. */
const TOO_LARGE_BYTES = 1024 * 1024;
/** Sent at once, and how often: more than any server bears. */
const FLOOD_MESSAGES = 100;
const FLOODS_MAX = 500;

/** See the file comment. */
export const SOCKET_CASES: readonly Case[] = [
  {
    name: "ws: hello first, the subprotocol selected, a token never echoed",
    async run(base) {
      await using socket = new SocketClient(base, "/ws/tick", ["bearer.secret", "tickcast.v1"]);
      const { protocol } = await socket.first("hello");
      assertEquals([protocol, socket.socket.protocol], ["tickcast.v1", "tickcast.v1"]);
    },
  },
  {
    name: "ws: ping is answered with cursor, states and time",
    async run(base) {
      await using socket = new SocketClient(base, "/ws/tick?symbols=*");
      await socket.first("subscribed");
      await socket.say({ action: "ping", id: 9 });
      const pong = await socket.first("pong");
      assertEquals([pong.id, typeof pong.time, typeof pong.cursor, typeof pong.streams], [
        9,
        "number",
        "string",
        "object",
      ]);
    },
  },
  {
    name: "ws: what is wrong is an error with a code, and the socket lives on",
    async run(base) {
      await using socket = new SocketClient(base, "/ws/tick");
      const wrong = [
        "{",
        "null",
        '{"action":"dance"}',
        '{"action":"subscribe","symbols":["\\r\\n"]}',
        '{"action":"subscribe","streams":["nope"]}',
        '{"action":"subscribe","cursor":"x"}',
      ];
      for (const text of wrong) await socket.say(text);
      await socket.until("six errors", () => socket.of("error").length === wrong.length);
      assertEquals(socket.of("error").map(({ code }) => code), [
        "BAD_JSON",
        "BAD_REQUEST",
        "UNKNOWN_ACTION",
        "BAD_SYMBOL",
        "UNKNOWN_STREAM",
        "BAD_CURSOR",
      ]);
      await socket.say({ action: "subscribe", symbols: ["*"] });
      await socket.events(1);
    },
  },
  {
    name: "ws: subscriptions add up, unsubscribing ends them",
    async run(base) {
      await using socket = new SocketClient(base, "/ws");
      await socket.say({ action: "subscribe", streams: ["tick"], symbols: ["AAPL*"], id: "a" });
      await socket.say({ action: "subscribe", streams: ["tick"], symbols: ["M*"], mode: "latest", id: "b" });
      await socket.say({ action: "subscribe", streams: ["tick"], cursor: "earliest", id: "c" });
      await socket.say({ action: "unsubscribe", streams: ["tick"], id: "d" });
      await socket.first("unsubscribed");
      const held = socket.of("subscribed").at(-1)?.subscriptions;
      assertEquals(Array.isArray(held) && held.map(({ stream, symbols, mode }) => [stream, symbols, mode]), [[
        "tick",
        ["AAPL*", "M*"],
        "latest",
      ]]);
      assertEquals(socket.of("error").map(({ code, id }) => [code, id]), [["CURSOR_IN_USE", "c"]]);
    },
  },
  {
    name: "ws: a snapshot comes in parts, the last marked, and live events go on after its cursor",
    async run(base) {
      await using socket = new SocketClient(base, "/ws/tick");
      await socket.say({ action: "subscribe", symbols: ["*"], snapshot: true });
      await socket.until("the last part", () => socket.of("snapshot").some(({ last }) => last === true));
      await socket.events(3);
      const parts = socket.of("snapshot");
      assert(parts.every((part) => JSON.stringify(part).length <= 64_000));
      const { list, epoch, seq } = placeOfId(socket.ids()[0] ?? "");
      const truth = placesOfCursor(String(parts[0]?.cursor)).get(list);
      assertEquals([epoch, seq], [truth?.epoch, (truth?.seq ?? 0) + 1]);
    },
  },
  {
    name: "ws: a message too large ends the socket, with a code that says not to come back with it",
    async run(base) {
      await using socket = new SocketClient(base, "/ws/tick");
      await socket.first("hello");
      await socket.say({ action: "ping", padding: "x".repeat(TOO_LARGE_BYTES) });
      const { code } = await socket.closed;
      // The server itself may refuse it before the protocol has a word in it.
      assert(code === 4504 || code === 1009, `closed with ${code}`);
    },
  },
  {
    name: "ws: a flood of messages is told once that it is too fast, and ended",
    async run(base) {
      await using socket = new SocketClient(base, "/ws/tick");
      await socket.first("hello");
      for (let n = 0; n < FLOODS_MAX && socket.socket.readyState === WebSocket.OPEN; n++) {
        for (let k = 0; k < FLOOD_MESSAGES; k++) socket.socket.send('{"action":"ping"}');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const { code } = await socket.closed;
      // Who goes on sending into the end of a connection may see it break before the code is read.
      assert([4003, 1006, 0].includes(code), `closed with ${code}`);
      assertEquals(socket.of("error").map(({ code }) => code), ["RATE_LIMITED"]);
    },
  },
  {
    name: "a plain GET of a socket is told to upgrade",
    async run(base) {
      const response = await fetch(`${base}/ws`);
      assertEquals([response.status, (await response.json()).error.code], [426, "UPGRADE_REQUIRED"]);
    },
  },
];
