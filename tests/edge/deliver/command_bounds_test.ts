/** What a client says, and what it is answered, are bounded whatever it says and whether or not it reads. */
import { assert, assertEquals } from "@std/assert";
import { sessionScene } from "../session_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

pure("binary messages count as messages: a flood of them is refused, told once and closed 4003", async () => {
  await using s = sessionScene();
  const client = s.client();
  client.socket.isStalled = true;
  for (let n = 0; n < 20_000; n++) client.handlers.onMessage(new Uint8Array(1));
  assertEquals(client.socket.closeCode, 4003);
  assert(client.socket.bufferedAmount < 32 * 1024, `${client.socket.bufferedAmount}`);
  client.socket.drain();
  assertEquals(client.of("error").filter(({ code }) => code === "RATE_LIMITED").length, 1);
});

pure(
  "binary messages have a text's longest length and bytes a second, as either server reads them",
  async () => {
    await using s = sessionScene({ settings: { messageMaxBytes: 1000, bytesPerSecond: 1000 } });
    for (const  of of[(n: number) => new Uint8Array(n), (n: number) => new Blob([new Uint8Array(n)])]) {
      const client = s.client();
      client.handlers.onMessage(of(1001));
      assertEquals(client.of("error").map(({ code }) => code), ["TOO_LARGE"]);
      for (let n = 0; n < 3; n++) client.handlers.onMessage(of(1000));
      assertEquals(client.of("error").map(({ code }) => code), [
        "TOO_LARGE",
        "BAD_REQUEST",
        "BAD_REQUEST",
        "RATE_LIMITED",
      ]);
      client.handlers.onMessage(of(1));
      const huge = s.client();
      huge.handlers.onMessage(of(4001));
      assertEquals(huge.socket.closeCode, 4504);
    }
  },
);
