import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { MessageReader } from "../../../src/operations/load/read_message.ts";

const pure = { permissions: "none" } as const;
const trade = (seq: number, sym = "AAPL") => ({
  id: `k3f9a0b1-${seq}`,
  type: "trade",
  sym,
  t: 1_000,
  rx: 2_000 + seq,
  price: 1,
});
const frame = (events: readonly unknown[]) =>
  JSON.stringify({ type: "events", stream: "tick", cursor: "tick:k3f9a0b1-9", events });

Deno.test({
  name: "a frame becomes its runs, its times and its cursor; the same text is read once",
  ...pure,
  fn() {
    const reader = new MessageReader();
    const message = reader.read(frame([trade(7), trade(8, "MSFT"), { ...trade(3), id: "2.k3f9a0b1-3" }]));
    assert(message.kind === "events");
    assertEquals(message.runs.map(({ list, seqs, isDense }) => [list, [...seqs], isDense]), [
      ["tick", [7, 8], true],
      ["tick.2", [3], true],
    ]);
    assertEquals([message.oldestRx, message.newestRx, message.count], [2003, 2008, 3]);
    assertEquals(reader.read(frame([trade(7)])), reader.read(frame([trade(7)])));
  },
});

Deno.test({
  name: "an event stream's block is the same message",
  ...pure,
  fn() {
    const reader = new MessageReader();
    const message = reader.readBlock("tick", JSON.stringify([trade(7)]));
    assert(message.kind === "events" && message.cursor.size === 0);
    assertEquals(reader.readBlock("hello", JSON.stringify({ type: "hello" })).kind, "hello");
  },
});

Deno.test({
  name: "an event that lacks what its type promises is malformed, and says where",
  ...pure,
  fn() {
    const { price: _price, ...priceless } = trade(1);
    const message = new MessageReader().read(frame([priceless]));
    assert(message.kind === "malformed" && message.why.startsWith("price"));
    for (const id of ["", "1", "k3f9a0b1-0", "k3f9a0b1-x"]) {
      assertEquals(new MessageReader().read(frame([{ ...trade(1), id }])).kind, "malformed");
    }
  },
});

Deno.test({
  name: "fuzz: whatever a server sends is read or called malformed, never thrown at",
  ...pure,
  fn() {
    const json = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((text) => `{"type":"events","stream":"tick","events":[${text}]}`),
    );
    const gap = fc.json().map((text) => `{"type":"gap","stream":${text},"after":${text},"before":"1"}`);
    fc.assert(fc.property(fc.oneof(json, gap), (text) => {
      const reader = new MessageReader();
      assert(typeof reader.read(text).kind === "string");
      assert(typeof reader.readBlock("tick", text).kind === "string");
    }));
  },
});
