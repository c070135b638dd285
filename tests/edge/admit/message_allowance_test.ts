import { assertEquals } from "@std/assert";
import { MessageAllowance, textBytes } from "../../../src/edge/admit/message_allowance.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

pure("messages and bytes are allowed four seconds' worth at once, then as many a second", () => {
  const allowance = new MessageAllowance({ messagesPerSecond: 2, bytesPerSecond: 100 }, 0);
  const taken = (bytes: number, nowMs: number) => allowance.take(bytes, nowMs) ?? "taken";
  assertEquals([taken(300, 0), taken(100, 0), taken(1, 0)], ["taken", "taken", "bytes"]);
  assertEquals([taken(100, 1000), taken(1, 1000)], ["taken", "bytes"]);
  assertEquals(
    Array.from({ length: 9 }, () => taken(0, 1000)).filter((one) => one === "messages").length > 0,
    true,
  );
});

pure("a message over the burst empties it and is let through once", () => {
  const allowance = new MessageAllowance({ messagesPerSecond: 50, bytesPerSecond: 100 }, 0);
  assertEquals([allowance.take(1e9, 0), allowance.take(1, 0)], [undefined, "bytes"]);
});

pure("bytes of a text are those of its UTF-8", () => {
  for (const text of ["", "abc", "é", "€", "🚀", "a€🚀é\u0000"]) {
    assertEquals(textBytes(text, 100), new TextEncoder().encode(text).length, text);
  }
  assertEquals(textBytes("€€€", 2), 3);
});
