/** What servers send to our own clients: the browser client, and the one that load and soak are run with. */
import { assert, assertEquals } from "@std/assert";
import { readMessage, toMessage } from "../../../src/client/message.ts";
import { type SseBlock, sseParser } from "../../../src/client/sse_parser.ts";
import { expiryOf } from "../../../src/client/token_expiry.ts";
import { MessageReader } from "../../../src/operations/load/read_message.ts";
import { unsignedToken } from "../../support/token_factory.ts";
import { type FuzzTarget, jsonOf } from "../fuzz_target.ts";

const TYPES: readonly [string, ...string[]] = [
  '{"type":"events","stream":"tick","cursor":"tick:k3f9a0b1-2","events":[{"id":"k3f9a0b1-2","type":"trade","sym":"AAPL","t":1,"rx":2,"price":1,"size":1}]}',
  '{"type":"gap","stream":"tick","after":"k3f9a0b1-1","before":"k3f9a0b1-9","lost":7,"cause":"evicted","cursor":"tick:k3f9a0b1-8"}',
  '{"type":"snapshot","stream":"heatmap","cursor":"heatmap:k3f9a0b1-2","last":true,"events":[]}',
  '{"type":"heartbeat","cursor":"tick:k3f9a0b1-2","streams":{"tick":"live"},"time":5}',
  '{"type":"reconnect","after_ms":1500,"cursor":"tick:k3f9a0b1-2"}',
  '{"type":"error","code":"BAD_CURSOR","message":"Cannot","id":"1"}',
];

const messages: FuzzTarget = {
  name: "messages at the browser client",
  samples: TYPES,
  hold(text) {
    const message = readMessage(text);
    if (message === undefined) return;
    assert("type" in message);
    if (message.type === "reconnect") assert(message.afterMs >= 0);
    if (message.type === "gap") assert(message.lost === null || Number.isSafeInteger(message.lost));
    if ("cursor" in message) assert(message.cursor === undefined || typeof message.cursor === "string");
    assertEquals(toMessage(message.type, jsonOf(text)), message);
  },
};

const streams: FuzzTarget = {
  name: "event streams at the browser client",
  samples: [
    `retry: 1500\nevent: hello\ndata: {"protocol":"tickcast.v1"}\n\nid: tick:k3f9a0b1-2\nevent: tick\ndata: [{"id":"x"}]\n\n: comment\n\n`,
    "data: a\ndata: b\r\n\r\nid\n\nevent:x\ndata:y\n\n",
  ],
  hold(text) {
    const limit = 200_000;
    const all = (chunks: readonly string[]): SseBlock[] | "too large" => {
      const parse = sseParser(limit);
      try {
        return chunks.flatMap((chunk) => parse(chunk));
      } catch (error) {
        if (error instanceof RangeError) return "too large";
        throw error;
      }
    };
    const middle = Math.floor(text.length / 2);
    const whole = all([text, "\n"]);
    // However the network cuts it.
    if (whole !== "too large") {
      assertEquals(all([text.slice(0, middle), text.slice(middle), "\n"]), whole);
      if (text.length < 400) assertEquals(all([...text.split(""), "\n"]), whole);
    }
  },
};

const expiries: FuzzTarget = {
  name: "token lifetimes at the browser client",
  samples: [unsignedToken({ alg: "HS256" }, { exp: 1_781_622_376 }, "AAAA")],
  hold(text) {
    const expiry = expiryOf(text);
    assert(expiry === undefined || typeof expiry === "number");
  },
};

const reader: FuzzTarget = {
  name: "messages at the load client",
  samples: TYPES,
  hold(text) {
    const messages = new MessageReader();
    for (const message of [messages.read(text), messages.readBlock("tick", text)]) {
      if (message.kind !== "malformed") continue;
      assert(message.why.length <= 200, `why in ${message.why.length} characters`);
    }
  },
};

/** All of them. */
export const SERVER_TARGETS: readonly FuzzTarget[] = [messages, streams, expiries, reader];
