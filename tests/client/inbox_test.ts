import { assertEquals } from "@std/assert";
import { Inbox } from "../../src/client/inbox.ts";

const drain = async (inbox: Inbox<string>): Promise<string[]> => {
  const items: string[] = [];
  for (let item = await inbox.next(); !item.done; item = await inbox.next()) items.push(item.value);
  return items;
};

Deno.test({
  name: "items come out in order, and the end comes after what is still queued",
  permissions: "none",
  async fn() {
    const inbox = new Inbox<string>(10, String);
    inbox.push("a");
    const taken = drain(inbox);
    inbox.push("b");
    inbox.end();
    inbox.push("too late");
    assertEquals(await taken, ["a", "b"]);
  },
});

Deno.test({
  name: "a full queue drops the oldest and says how many, where they were",
  permissions: "none",
  async fn() {
    const inbox = new Inbox<string>(3, (dropped) => `lost ${dropped}`);
    for (const item of ["a", "b", "c", "d", "e"]) inbox.push(item);
    inbox.end();
    assertEquals(await drain(inbox), ["lost 2", "c", "d", "e"]);
  },
});

Deno.test({
  name: "a long run through a short queue keeps every item",
  permissions: "none",
  async fn() {
    const inbox = new Inbox<string>(5000, String);
    let taken = 0;
    for (let n = 0; n < 10_000; n++) {
      inbox.push(String(n));
      if (n % 3 === 0) continue;
      const item = await inbox.next();
      assertEquals(item.value, String(taken++));
    }
  },
});
