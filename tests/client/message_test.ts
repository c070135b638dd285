import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { isEvent, readMessage } from "../../src/client/message.ts";

Deno.test({
  name: "no text whatever makes reading a message throw",
  permissions: "none",
  fn() {
    const types = fc.constantFrom(
      "hello",
      "subscribed",
      "events",
      "snapshot",
      "gap",
      "warning",
      "error",
      "heartbeat",
      "pong",
      "reconnect",
      "x",
    );
    const message = fc.tuple(types, fc.jsonValue()).map(([type, body]) =>
      JSON.stringify({ ...(typeof body === "object" ? body : { body }), type })
    );
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), message), (text) => {
      const read = readMessage(text);
      assert(read === undefined || typeof read.type === "string");
    }));
    for (const data of [undefined, null, 1, new ArrayBuffer(2), "null", "[]", '"x"', "{"]) {
      assertEquals(readMessage(data), undefined);
    }
  },
});

Deno.test({
  name: "messages are read as the protocol has them",
  permissions: "none",
  fn() {
    const read = (value: unknown) => readMessage(JSON.stringify(value));
    assertEquals(read({ type: "hello", edge: "e", heartbeat_ms: 15000, streams: [] }), {
      type: "hello",
      edge: "e",
      heartbeatMs: 15000,
    });
    assertEquals(
      read({
        type: "gap",
        stream: "tick",
        after: "a-1",
        before: "a-9",
        lost: 7,
        cause: "evicted",
        cursor: "tick:a-8",
      }),
      {
        type: "gap",
        stream: "tick",
        after: "a-1",
        before: "a-9",
        lost: 7,
        cause: "evicted",
        cursor: "tick:a-8",
      },
    );
    assertEquals(
      read({
        type: "heartbeat",
        cursor: "c",
        streams: { tick: "live", fmv: "stale", x: 3 },
        time: 5,
      }),
      {
        type: "heartbeat",
        cursor: "c",
        streams: { tick: "live", fmv: "stale" },
        time: 5,
      },
    );
    assertEquals(read({ type: "snapshot", stream: "tick", events: [] }), {
      type: "snapshot",
      stream: "tick",
      cursor: undefined,
      events: [],
      last: true,
    });
    assertEquals(read({ type: "events", stream: "tick" }), undefined);
    assertEquals(read({ type: "reconnect", after_ms: -5 }), { type: "reconnect", afterMs: 0 });
  },
});

Deno.test({
  name: "only objects with id, type, symbol and time are events, and a gap is none",
  permissions: "none",
  fn() {
    const event = { id: "a-1", type: "trade", sym: "AAPL", t: 1 };
    assert(isEvent(event));
    const wrong = [{ id: 1 }, { id: "" }, { type: null }, { type: "gap" }, { sym: {} }, { t: "1" }, {
      t: undefined,
    }];
    for (const value of [null, 1, "x", [], {}, ...wrong.map((over) => ({ ...event, ...over }))]) {
      assert(!isEvent(value));
    }
  },
});
