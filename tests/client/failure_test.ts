import { assertEquals } from "@std/assert";
import { closeDown, httpDown } from "../../src/client/failure.ts";

Deno.test({
  name: "close codes come back, renew the token or stop by the protocol's ranges",
  permissions: "none",
  fn() {
    const retry = [1000, 1001, 1005, 1006, 1011, 1012, 1013, 1015, 3000, 4000, 4001, 4002, 4003, 4499];
    const fatal = [1002, 1003, 1007, 1008, 1009, 4500, 4501, 4502, 4503, 4504, 4999];
    for (const code of retry) assertEquals(closeDown(code, "").then, "retry", String(code));
    for (const code of fatal) assertEquals(closeDown(code, "").then, "fatal", String(code));
    assertEquals(closeDown(4004, "").then, "token");
  },
});

Deno.test({
  name: "a close says its code's name and the server's reason",
  permissions: "none",
  fn() {
    const down = closeDown(4502, "no fmv for you");
    assertEquals(down.code, "FORBIDDEN");
    assertEquals(down.message.endsWith(": no fmv for you"), true);
  },
});

Deno.test({
  name: "refused answers keep the server's code, message and wait",
  permissions: "none",
  async fn() {
    const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
      httpDown(Response.json(body, { status, headers }), "/sse");
    const limited = await answer(429, { error: { code: "RATE_LIMITED", message: "slower" } }, {
      "retry-after": "7",
    });
    assertEquals(limited, { then: "retry", code: "RATE_LIMITED", message: "slower", afterMs: 7000 });
    assertEquals((await answer(401, {})).then, "token");
    assertEquals((await answer(403, null)).then, "fatal");
    assertEquals((await answer(404, [])).then, "fallback");
    assertEquals((await answer(500, "x")).then, "retry");
    assertEquals((await answer(400, { code: "BAD_CURSOR", message: "no" })).code, "BAD_CURSOR");
    assertEquals(
      (await httpDown(new Response("<html>", { status: 502 }), "/sse")).message,
      "/sse answered 502",
    );
  },
});
