/** What an operator asks for, as it is sent to ingest, and what comes back when ingest, or its store, does not do it. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { CONTROL_WAIT_MS, CONTROL_WAITING_MAX } from "../../../src/edge/admin/admin_commands.ts";
import { sameSecret } from "../../../src/edge/admin/admin_guard.ts";
import { TickcastError } from "../../../src/feed/error.ts";
import { ADMIN_TOKEN, anOperationalSide } from "../../support/operational_scene.ts";
import { answering, done } from "./admin_scene.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

const COMMANDS: readonly (readonly [method: string, path: string, body: unknown, command: unknown])[] = [
  [
    "POST",
    "/api/websocket/connections",
    { name: "extra", frequencies: ["tick"], tickers: ["AAPL"] },
    { do: "add_connection", name: "extra", frequencies: ["tick"], tickers: ["AAPL"] },
  ],
  [
    "DELETE",
    "/api/websocket/connections/connection_2",
    undefined,
    { do: "remove_connection", connection: "connection_2" },
  ],
  [
    "POST",
    "/api/websocket/tickers",
    { action: "subscribe", tickers: ["AAPL", "BTC-USD"], frequency: "tick", connection: "connection_1" },
    { do: "subscribe", tickers: ["AAPL", "X:BTC-USD"], frequency: "tick", connection: "connection_1" },
  ],
  [
    "POST",
    "/api/websocket/tickers",
    { action: "unsubscribe", tickers: ["AAPL"], frequency: "fmv" },
    { do: "unsubscribe", tickers: ["AAPL"], frequency: "fmv" },
  ],
  ["POST", "/api/websocket/rebalance", undefined, { do: "rebalance" }],
  ["POST", "/api/streams/fmv", { action: "stop" }, { do: "stop_stream", stream: "fmv" }],
  ["POST", "/api/streams/fmv", { action: "start" }, { do: "start_stream", stream: "fmv" }],
  ["POST", "/api/reload", undefined, { do: "reload" }],
];

for (const [method, path, body, command] of COMMANDS) {
  pure(
    `${method} ${path} ${JSON.stringify(body) ?? ""} sends one command and gives back what ingest answered`,
    async () => {
      using scene = await anOperationalSide();
      const pending = scene.request(method, path, { token: ADMIN_TOKEN, body });
      const { asked, status, body: told } = await answering(scene, pending, done({ moved: [] }));
      assertEquals([asked, status, told], [[command], 200, { moved: [] }]);
    },
  );

  pure(
    `${method} ${path} ${JSON.stringify(body) ?? ""} is 401 without the token and 403 where none is set`,
    async () => {
      using scene = await anOperationalSide();
      for (
        const token of [undefined, "", "wrong", `${ADMIN_TOKEN}x`, ADMIN_TOKEN.slice(1), "x".repeat(100_000)]
      ) {
        const response = await scene.request(method, path, { ...token === undefined ? {} : { token }, body });
        assertEquals([response.status, (await response.json()).error.code], [401, "UNAUTHORIZED"]);
      }
      using locked = await anOperationalSide({ adminToken: undefined });
      const response = await locked.request(method, path, { token: ADMIN_TOKEN, body });
      const told = await response.json();
      assertEquals([response.status, told.error.code], [403, "FORBIDDEN"]);
      assertStringIncludes(told.error.message, "ADMIN_TOKEN");
      assertEquals(await scene.store.takeCommands(10), []);
    },
  );
}

pure("what ingest refuses keeps its code and reason", async () => {
  using scene = await anOperationalSide();
  const cases = [
    ["NOT_LEADER", 503, "NOT_LEADER"],
    ["CONFLICT", 409, "CONFLICT"],
    ["A_CODE_OF_TOMORROW", 409, "CONFLICT"],
    ["__proto__", 409, "CONFLICT"],
  ] as const;
  for (const [code, status, told] of cases) {
    const pending = scene.request("POST", "/api/reload", { token: ADMIN_TOKEN });
    const reply = await answering(scene, pending, { ok: false, code, message: "Cannot do it as it is so" });
    assertEquals([reply.status, reply.body], [status, {
      error: { code: told, message: "Cannot do it as it is so" },
    }]);
  }
});

pure("an ingest that does not answer is told as 504 within the limit", async () => {
  using scene = await anOperationalSide();
  const pending = scene.request("POST", "/api/reload", { token: ADMIN_TOKEN });
  await scene.clock.advance(CONTROL_WAIT_MS);
  const response = await pending;
  assertEquals([response.status, (await response.json()).error.code], [504, "INGEST_SILENT"]);
  assertEquals(scene.clock.pending, 0);
});

pure("a store that refuses commands is told as the store's own refusal", async () => {
  using scene = await anOperationalSide();
  scene.store.sendCommand = () =>
    Promise.reject(new TickcastError("STORE_REFUSED", "Cannot write as the token is read-only"));
  const response = await scene.request("POST", "/api/reload", { token: ADMIN_TOKEN });
  assertEquals([response.status, (await response.json()).error.code], [503, "STORE_REFUSED"]);
});

pure("a bounded number of commands waits at once", async () => {
  using scene = await anOperationalSide();
  const ask = () => scene.request("POST", "/api/reload", { token: ADMIN_TOKEN });
  const waiting = Array.from({ length: CONTROL_WAITING_MAX }, ask);
  await scene.clock.advance(1);
  const refused = await ask();
  assertEquals([refused.status, (await refused.json()).error.code], [503, "OVERLOADED"]);
  await scene.clock.advance(CONTROL_WAIT_MS);
  for (const response of await Promise.all(waiting)) assertEquals(response.status, 504);
});

pure("sameSecret() is true only for equal texts", () => {
  assertEquals(sameSecret("a", "a"), true);
  for (const [a, b] of [["a", "b"], ["", "a"], ["a", ""], ["a".repeat(1000), "a"], ["é", "e"]] as const) {
    assertEquals(sameSecret(a, b), false);
  }
});
