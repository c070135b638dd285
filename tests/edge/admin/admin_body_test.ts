/** Whatever is posted to an operator's routes is refused with a code or is a command. */
import { assertEquals, assertNotMatch } from "@std/assert";
import * as fc from "fast-check";
import { ADMIN_BODY_MAX_BYTES } from "../../../src/edge/admin/admin_body.ts";
import { ControlEnvelope } from "../../../src/feed/control.ts";
import { TickcastError } from "../../../src/feed/error.ts";
import { ADMIN_TOKEN, anOperationalSide } from "../../support/operational_scene.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

const BAD: readonly (readonly [path: string, body: unknown, status: number, code: string])[] = [
  ["/api/websocket/tickers", "{", 400, "BAD_JSON"],
  ["/api/websocket/tickers", undefined, 400, "BAD_REQUEST"],
  ["/api/websocket/tickers", "null", 400, "BAD_REQUEST"],
  ["/api/websocket/tickers", "[]", 400, "BAD_REQUEST"],
  ["/api/websocket/tickers", { action: "explode", tickers: ["A"], frequency: "tick" }, 400, "BAD_REQUEST"],
  ["/api/websocket/tickers", { action: "subscribe", tickers: [], frequency: "tick" }, 400, "BAD_REQUEST"],
  [
    "/api/websocket/tickers",
    { action: "subscribe", tickers: ["DROP TABLE"], frequency: "tick" },
    400,
    "BAD_REQUEST",
  ],
  [
    "/api/websocket/tickers",
    { action: "subscribe", tickers: ["A\r\nSET x"], frequency: "tick" },
    400,
    "BAD_REQUEST",
  ],
  [
    "/api/websocket/tickers",
    { action: "subscribe", tickers: ["A"], frequency: "signal" },
    400,
    "BAD_REQUEST",
  ],
  [
    "/api/websocket/tickers",
    { action: "subscribe", tickers: ["A"], frequency: "tick", x: 1 },
    400,
    "BAD_REQUEST",
  ],
  ["/api/websocket/connections", {}, 400, "BAD_REQUEST"],
  ["/api/websocket/connections", { name: "x".repeat(65) }, 400, "BAD_REQUEST"],
  ["/api/websocket/connections", { name: "x", url: "wss://evil.example" }, 400, "BAD_REQUEST"],
  ["/api/streams/fmv", { action: "delete" }, 400, "BAD_REQUEST"],
  ["/api/streams/nope", { action: "stop" }, 404, "UNKNOWN_STREAM"],
  ["/api/streams/__proto__", { action: "stop" }, 404, "UNKNOWN_STREAM"],
  ["/api/websocket/tickers", `"${"x".repeat(ADMIN_BODY_MAX_BYTES)}"`, 413, "TOO_LARGE"],
];

pure("bad requests are refused with a code, echo nothing and send no command", async () => {
  using scene = await anOperationalSide();
  for (const [path, body, status, code] of BAD) {
    const response = await scene.request("POST", path, { token: ADMIN_TOKEN, body });
    const text = await response.text();
    assertEquals(
      [response.status, JSON.parse(text).error.code],
      [status, code],
      `${path} ${text.slice(0, 200)}`,
    );
    assertNotMatch(text, /DROP TABLE|evil\.example|explode|SET x/);
  }
  assertEquals(await scene.store.takeCommands(10), []);
});

pure(
  "fuzz: whatever is posted is refused with a code or becomes a command, and nothing else happens",
  async () => {
    using scene = await anOperationalSide();
    const commands: string[] = [];
    scene.store.sendCommand = (text) => {
      commands.push(text);
      return Promise.reject(new TickcastError("OVERLOADED", "Cannot queue the command as the test says so"));
    };
    const word = fc.constantFrom(
      "action",
      "tickers",
      "frequency",
      "connection",
      "name",
      "market",
      "do",
      "subscribe",
      "tick",
      "AAPL",
      "start",
    );
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.dictionary(word, fc.oneof(word, fc.array(word), fc.integer(), fc.jsonValue())).map((value) =>
        JSON.stringify(value)
      ),
    );
    const path = fc.constantFrom(
      "/api/websocket/tickers",
      "/api/websocket/connections",
      "/api/streams/tick",
      "/api/websocket/rebalance",
      "/api/reload",
    );
    await fc.assert(
      fc.asyncProperty(path, body, async (where, what) => {
        const response = await scene.request("POST", where, { token: ADMIN_TOKEN, body: what });
        const { error } = await response.json();
        return [400, 413, 503].includes(response.status) && typeof error.code === "string" &&
          error.code !== "INTERNAL";
      }),
      { numRuns: 500 },
    );
    for (const text of commands) ControlEnvelope.parse(JSON.parse(text));
  },
);
