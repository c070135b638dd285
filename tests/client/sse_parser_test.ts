import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { blockMessage } from "../../src/client/sse_link.ts";
import { type SseBlock, sseParser } from "../../src/client/sse_parser.ts";

const TEXT = ": hi\n\nretry: 2000\n\nid: tick:a-1\r\nevent: tick\r\ndata: [1,\r\ndata: 2]\r\n\r\n" +
  "event:heartbeat\ndata:{}\n\nid: tick:a-2\n\n\n\ndata\n\nretry: soon\nweird line\nevent: gap\rdata: {}\r\r";

const feed = (chunks: readonly string[]): SseBlock[] => {
  const parse = sseParser(1000);
  return chunks.flatMap(parse);
};

Deno.test({
  name:
    "blocks are read by the WHATWG grammar: every line end, several data lines, comments, fields without a value",
  permissions: "none",
  fn() {
    assertEquals(feed([TEXT, "\n"]).map(({ event, data, id, retryMs }) => [event, data, id, retryMs]), [
      ["message", "", undefined, 2000],
      ["tick", "[1,\n2]", "tick:a-1", undefined],
      ["heartbeat", "{}", undefined, undefined],
      ["message", "", "tick:a-2", undefined],
      ["message", "", undefined, undefined],
      ["gap", "{}", undefined, undefined],
    ]);
  },
});

Deno.test({
  name: "wherever the text is cut, the blocks are the same",
  permissions: "none",
  fn() {
    const whole = feed([TEXT, "\n"]);
    fc.assert(fc.property(fc.array(fc.nat(TEXT.length), { maxLength: 12 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), TEXT.length];
      const chunks = at.slice(1).map((to, n) => TEXT.slice(at[n], to));
      assertEquals(feed([...chunks, "\n"]), whole);
    }));
  },
});

Deno.test({
  name: "a block that never ends is refused before it fills the memory",
  permissions: "none",
  fn() {
    const parse = sseParser(100);
    assertThrows(() => Array.from({ length: 20 }, () => parse("data: 0123456789\n")), RangeError);
    const endless = sseParser(100);
    assertThrows(() => Array.from({ length: 20 }, () => endless("0123456789")), RangeError);
  },
});

Deno.test({
  name: "blocks become messages: streams by their own name, fault as error, an id alone as a cursor",
  permissions: "none",
  fn() {
    const block = (over: Partial<SseBlock>): SseBlock => ({
      event: "message",
      data: "",
      id: undefined,
      retryMs: undefined,
      ...over,
    });
    assertEquals(blockMessage(block({ event: "tick", data: "[]", id: "tick:a-1" })), {
      type: "events",
      stream: "tick",
      cursor: "tick:a-1",
      events: [],
    });
    assertEquals(blockMessage(block({ event: "fault", data: '{"code":"X","message":"y"}' }))?.type, "error");
    assertEquals(blockMessage(block({ id: "tick:a-2" })), { type: "subscribed", cursor: "tick:a-2" });
    assertEquals(blockMessage(block({ event: "tick", data: "{" })), undefined);
    assertEquals(blockMessage(block({ event: "hello", data: "null" }))?.type, "hello");
  },
});
