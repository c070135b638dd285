import { assert, assertEquals, assertMatch } from "@std/assert";
import { closeDown } from "../../src/client/close_code.ts";
import { httpDown, isOwnFault, unreachable } from "../../src/client/http_failure.ts";

const NOW = Date.UTC(2026, 2, 2, 15);

/** What each close code of the protocol (`docs/protocol.md`, Close codes) and every range around them means. */
const CLOSES: readonly (readonly [from: number, to: number, then: string, code: string])[] = [
  [1000, 1001, "retry", "NETWORK"],
  [1002, 1003, "fatal", "REFUSED"],
  [1004, 1006, "retry", "NETWORK"],
  [1007, 1008, "fatal", "REFUSED"],
  [1009, 1009, "fatal", "TOO_LARGE"],
  [1010, 1015, "retry", "NETWORK"],
  [3000, 3999, "retry", "NETWORK"],
  [4000, 4000, "retry", "NETWORK"],
  [4001, 4001, "retry", "SLOW_CONSUMER"],
  [4002, 4002, "retry", "DRAINING"],
  [4003, 4003, "retry", "RATE_LIMITED"],
  [4004, 4004, "token", "AUTH_EXPIRED"],
  [4005, 4499, "retry", "NETWORK"],
  [4500, 4500, "fatal", "REFUSED"],
  [4501, 4501, "fatal", "UNAUTHORIZED"],
  [4502, 4502, "fatal", "FORBIDDEN"],
  [4503, 4503, "fatal", "BAD_REQUEST"],
  [4504, 4504, "fatal", "TOO_LARGE"],
  [4505, 4999, "fatal", "REFUSED"],
];

Deno.test({
  name: "each close code comes back, renews the token or stops by the protocol's table, under its own name",
  permissions: "none",
  fn() {
    for (const [from, to, then, code] of CLOSES) {
      for (let n = from; n <= to; n++) {
        const down = closeDown(n, "");
        assertEquals([n, down.then, down.code], [n, then, code]);
        assert(down.message.length > 10, down.message);
      }
    }
  },
});

Deno.test({
  name: "a close says its code's name and the server's reason",
  permissions: "none",
  fn() {
    const down = closeDown(4502, "no fmv for you");
    assertEquals([down.code, down.message.endsWith(": no fmv for you")], ["FORBIDDEN", true]);
    assertMatch(closeDown(1008, "policy").message, /1008.*policy/);
  },
});

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  httpDown(Response.json(body, { status, headers }), "/sse", NOW);

Deno.test({
  name: "refused answers keep the server's code, message and wait",
  permissions: "none",
  async fn() {
    const limited = await answer(429, { error: { code: "RATE_LIMITED", message: "slower" } }, {
      "retry-after": "7",
    });
    assertEquals(limited, { then: "retry", code: "RATE_LIMITED", message: "slower", afterMs: 7000 });
    assertEquals((await answer(401, {})).then, "token");
    assertEquals((await answer(403, null)).then, "fatal");
    assertEquals((await answer(404, [])).then, "fallback");
    assertEquals((await answer(500, "x")).then, "retry");
    assertEquals((await answer(400, { code: "BAD_CURSOR", message: "no" })).code, "BAD_CURSOR");
    assertEquals((await answer(400, { error: { code: 7, message: {} } })).code, "HTTP_400");
  },
});

Deno.test({
  name: "Retry-After is seconds or a date, never negative, never past five minutes, and nonsense is none",
  permissions: "none",
  async fn() {
    const table: readonly (readonly [string, number | undefined])[] = [
      ["0", 0],
      ["2.5", 2500],
      ["86400", 300_000],
      ["-3", undefined],
      ["soon", undefined],
      ["", undefined],
      [new Date(NOW + 9000).toUTCString(), 9000],
      [new Date(NOW - 9000).toUTCString(), undefined],
      ["Infinity", 300_000],
    ];
    for (const [header, afterMs] of table) {
      assertEquals([header, (await answer(503, {}, { "retry-after": header })).afterMs], [header, afterMs]);
    }
  },
});

Deno.test({
  name: "an answer that is no answer of this service says what stood there instead, and is tried again",
  permissions: "none",
  async fn() {
    const page = (status: number) =>
      httpDown(
        new Response("<html>", { status, headers: { "content-type": "text/html; charset=utf-8" } }),
        "https://x/sse",
        NOW,
      );
    const portal = await page(200);
    assertEquals([portal.then, portal.code], ["retry", "HTTP_200"]);
    assertEquals(
      portal.message,
      "https://x/sse answered 200 (text/html): is this the address of a tickcast server?",
    );
    const broken = await page(502);
    assertEquals(
      broken.message,
      "https://x/sse answered 502 (text/html): it or a proxy before it is in trouble",
    );
    const moved = new Response("", { status: 404 });
    Object.defineProperties(moved, {
      redirected: { value: true },
      url: { value: "https://y/sse?symbols=A" },
    });
    assertEquals(
      (await httpDown(moved, "https://x/sse", NOW)).message,
      "https://x/sse leads on to https://y/sse: give that server's address",
    );
  },
});

Deno.test({
  name: "an endless page where an answer should be is not read",
  permissions: "none",
  async fn() {
    let isCancelled = false;
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode("<p>".repeat(100))),
      cancel: () => void (isCancelled = true),
    });
    assertEquals((await httpDown(new Response(body), "/sse", NOW)).code, "HTTP_200");
    assert(isCancelled);
  },
});

Deno.test({
  name: "only what the server itself finds wrong with a request is the request's own fault",
  permissions: "none",
  async fn() {
    assert(isOwnFault(await answer(400, { error: { code: "UNKNOWN_SYMBOL", message: "m" } })));
    assert(isOwnFault(await answer(404, { error: { code: "UNKNOWN_STREAM", message: "m" } })));
    for (
      const [status, body] of [[404, {}], [403, {}], [503, { error: { code: "OVERLOADED" } }], [
        400,
        "x",
      ]] as const
    ) {
      assert(!isOwnFault(await answer(status, body)));
    }
  },
});

Deno.test({
  name: "where nothing answers a page of another origin is told that it may be kept out",
  permissions: "none",
  fn() {
    const route = "https://feed.test/ws";
    for (const origin of [undefined, "https://feed.test"]) {
      assertEquals(
        unreachable(route, origin).message,
        `Cannot reach ${route}: check the address and the network`,
      );
    }
    assertMatch(
      unreachable(route, "https://page.test").message,
      /pages of https:\/\/page.test in \(ALLOWED_ORIGINS\)$/,
    );
  },
});
