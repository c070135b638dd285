import { assertEquals, assertMatch, assertNotMatch, assertRejects } from "@std/assert";
import { createAccess, type GateSettings } from "../../../src/edge/admit/auth_gate.ts";
import { TOKEN_COOKIE } from "../../../src/edge/admit/auth_request.ts";
import type { Door } from "../../../src/edge/admit/principal.ts";
import {
  TICKET_STORE_WAIT_MS,
  TICKET_TOKEN_MAX_CHARS,
  TICKET_TTL_MS,
} from "../../../src/edge/admit/ticket_desk.ts";
import { ticketRoutes } from "../../../src/edge/admit/ticket_routes.ts";
import { TickcastError } from "../../../src/feed/error.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { A_MONDAY } from "../../support/event_factory.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { aToken, secretSettings } from "../../support/token_factory.ts";
import { until } from "../../support/until.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

const settings = (over: Partial<GateSettings> = {}): GateSettings => ({
  authMode: "jwt",
  jwt: secretSettings,
  defaultTier: "standard",
  allowedOrigins: undefined,
  ...over,
});

function setUp(over: Partial<GateSettings> = {}) {
  const clock = new ManualClock(A_MONDAY);
  const store = createMemoryStore(clock);
  const { allowedOrigins } = settings(over);
  const access = createAccess(settings(over), { store, clock });
  const routes = ticketRoutes({ ...access, allowedOrigins });
  const admit = (door: Door, path = "/", headers: Record<string, string> = {}) =>
    Promise.resolve().then(() =>
      access.gate.admit(new Request(`http://edge.example:8000${path}`, { headers }), door)
    );
  const codeOf = async (work: Promise<unknown>) => (await assertRejects(() => work, TickcastError)).code;
  return { clock, store, access, routes, admit, codeOf };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const DOORS: readonly Door[] = ["ws", "sse", "poll", "snapshot", "massive"];

pure("AUTH_MODE=none lets everybody in at the default tier, and judges no token", async () => {
  const { admit, access } = setUp({ authMode: "none" });
  for (const door of DOORS) {
    const { principal, headers } = await admit(door, "/", bearer("nonsense"));
    assertEquals([principal?.tier, principal?.expiresAtMs, headers], ["standard", undefined, undefined]);
  }
  assertEquals((await access.gate.authenticate("anything")).tier, "standard");
});

pure("a token in the header opens every door", async () => {
  const { admit } = setUp();
  const token = await aToken({ claims: { tier: "premium" } });
  for (const door of DOORS) assertEquals((await admit(door, "/", bearer(token))).principal?.tier, "premium");
});

pure(
  "without a token sockets may still authenticate by message, and every other door is closed",
  async () => {
    const { admit, codeOf } = setUp();
    for (const door of ["ws", "massive"] as const) assertEquals((await admit(door)).principal, undefined);
    for (const door of ["sse", "poll", "snapshot"] as const) {
      assertEquals(
        await codeOf(admit(door)),
        "UNAUTHORIZED",
      );
    }
  },
);

pure("a socket's token may stand beside the subprotocol; two tokens are refused", async () => {
  const { admit, codeOf } = setUp();
  const [token, other] = [await aToken(), await aToken({ claims: { sub: "other" } })];
  const offer = (value: string) => ({ "sec-websocket-protocol": value });
  for (const value of [`tickcast.v1, bearer.${token}`, `bearer.${token},tickcast.v1`]) {
    assertEquals((await admit("ws", "/", offer(value))).principal?.subject, "user-1");
  }
  assertEquals(await codeOf(admit("ws", "/", offer(`bearer.${token}, bearer.${other}`))), "UNAUTHORIZED");
  assertEquals(
    await codeOf(admit("ws", "/", { ...offer(`bearer.${token}`), ...bearer(other) })),
    "UNAUTHORIZED",
  );
  assertEquals(await codeOf(admit("ws", "/", offer("tickcast.v1, bearer.nonsense"))), "UNAUTHORIZED");
  const many = Array.from({ length: 1000 }, (_, n) => `p${n}`).join(",");
  assertEquals((await admit("ws", "/", offer(many))).principal, undefined);
});

pure("a token in a URL is refused at every door, a good one too", async () => {
  const { admit, codeOf } = setUp();
  const token = await aToken();
  for (const door of DOORS) {
    for (const name of ["token", "access_token", "jwt", "auth", "api_key"]) {
      assertEquals(await codeOf(admit(door, `/x?${name}=${token}`, bearer(token))), "UNAUTHORIZED");
    }
  }
});

pure("an expired token is told apart, at the door and by message", async () => {
  const { admit, codeOf, access } = setUp();
  const token = await aToken({ expiresInS: -60 });
  for (const door of DOORS) assertEquals(await codeOf(admit(door, "/", bearer(token))), "AUTH_EXPIRED");
  assertEquals(await codeOf(access.gate.authenticate(token)), "AUTH_EXPIRED");
});

pure("cookies count for streams and polls, never for sockets", async () => {
  const { admit } = setUp();
  const cookie = { cookie: `a=b; ${TOKEN_COOKIE}=${await aToken()}; c=d` };
  for (const door of ["sse", "poll", "snapshot"] as const) {
    assertEquals((await admit(door, "/", cookie)).principal?.subject, "user-1");
  }
  for (const door of ["ws", "massive"] as const) {
    assertEquals((await admit(door, "/", cookie)).principal, undefined);
  }
});

/** Origin against a service at edge.example:8000 with one foreign origin allowed. */
const ORIGINS: readonly (readonly [name: string, origin: string | undefined, isLetIn: boolean])[] = [
  ["none: a program", undefined, true],
  ["the allowed page", "https://app.example.com", true],
  ["the service's own page", "http://edge.example:8000", true],
  ["the service's own page behind a proxy that ends TLS", "https://edge.example:8000", true],
  ["null", "null", false],
  ["empty", "", false],
  ["a longer name that starts like the allowed one", "https://app.example.com.evil.com", false],
  ["a longer name that ends like it", "https://evil-app.example.com", false],
  ["another port of the allowed page", "https://app.example.com:8443", false],
  ["another scheme of the allowed page", "http://app.example.com", false],
  ["another port of our own", "http://edge.example:9000", false],
  ["upper case", "HTTPS://APP.EXAMPLE.COM", false],
  ["two origins", "https://app.example.com, https://evil.example", false],
  ["a path behind it", "https://app.example.com/", false],
  ["somebody else", "https://evil.example", false],
  ["our name as their user", "https://edge.example:8000@evil.example", false],
];

for (const [name, origin, isLetIn] of ORIGINS) {
  pure(
    `origin ${name} is ${isLetIn ? "let in" : "refused"} at every door, with and without tokens`,
    async () => {
      for (const authMode of ["none", "jwt"] as const) {
        const { admit, codeOf } = setUp({ authMode, allowedOrigins: ["https://app.example.com"] });
        const headers = {
          ...bearer(await aToken()),
          host: "edge.example:8000",
          ...origin === undefined ? {} : { origin },
        };
        for (const door of DOORS) {
          if (isLetIn) await admit(door, "/", headers);
          else assertEquals(await codeOf(admit(door, "/", headers)), "FORBIDDEN");
        }
      }
    },
  );
}

async function ticketFor(scene: ReturnType<typeof setUp>, token: string): Promise<string> {
  const response = await scene.routes.request("/tickets", { method: "POST", headers: bearer(token) });
  const { ticket, expires_in_s } = await response.json();
  assertEquals([response.status, expires_in_s], [201, 30]);
  return ticket;
}

pure("a ticket opens one stream once and leaves a cookie that outlives it", async () => {
  const scene = setUp();
  const token = await aToken({ expiresInS: 600 });
  const ticket = await ticketFor(scene, token);
  const { principal, headers } = await scene.admit("sse", `/sse/tick?ticket=${ticket}`);
  const cookie = headers?.["set-cookie"] ?? "";
  assertEquals(principal?.subject, "user-1");
  assertMatch(cookie, /^tickcast_token=[\w.-]+; Path=\/; Max-Age=60\d; HttpOnly; SameSite=Strict$/);
  assertEquals(await scene.codeOf(scene.admit("sse", `/sse/tick?ticket=${ticket}`)), "UNAUTHORIZED");
  // A native EventSource comes back with the same URL: its cookie counts then.
  const again = await scene.admit("sse", `/sse/tick?ticket=${ticket}`, {
    cookie: cookie.split(";")[0] ?? "",
  });
  assertEquals([again.principal?.subject, again.headers], ["user-1", undefined]);
});

pure(
  "over TLS the cookie is Secure, and for an allowed foreign page it may come back across sites",
  async () => {
    const scene = setUp({ allowedOrigins: ["https://app.example.com"] });
    const token = await aToken();
    const own = await scene.admit("sse", `/sse?ticket=${await ticketFor(scene, token)}`, {
      "x-forwarded-proto": "https",
    });
    assertMatch(own.headers?.["set-cookie"] ?? "", /SameSite=Strict; Secure$/);
    const foreign = await scene.admit("sse", `/sse?ticket=${await ticketFor(scene, token)}`, {
      origin: "https://app.example.com",
    });
    assertMatch(foreign.headers?.["set-cookie"] ?? "", /SameSite=None; Secure$/);
  },
);

pure("a ticket is good for half a minute and for event streams alone", async () => {
  const scene = setUp();
  const ticket = await ticketFor(scene, await aToken());
  assertEquals(await scene.codeOf(scene.admit("poll", `/events/tick?ticket=${ticket}`)), "UNAUTHORIZED");
  await scene.clock.advance(TICKET_TTL_MS + 1);
  assertEquals(await scene.codeOf(scene.admit("sse", `/sse?ticket=${ticket}`)), "UNAUTHORIZED");
});

pure("the store never sees the token of a ticket", async () => {
  const scene = setUp();
  let stored = "";
  const put = scene.store.putTicket.bind(scene.store);
  scene.store.putTicket = (id, text, ttl, signal) => {
    stored = id + text;
    return put(id, text, ttl, signal);
  };
  const token = await aToken();
  const ticket = await ticketFor(scene, token);
  for (const part of token.split(".")) assertEquals(stored.includes(part), false);
  assertEquals(stored.includes(ticket.split(".")[1] ?? "?"), false);
});

pure("what is no ticket is refused, whatever it is", async () => {
  const scene = setUp();
  const ticket = await ticketFor(scene, await aToken());
  const [id, key] = ticket.split(".");
  const wrong = [
    "",
    "x",
    id ?? "",
    `${id}.`,
    `${id}.${"A".repeat(43)}`,
    `${"A".repeat(22)}.${key}`,
    `${ticket}x`,
    "%00",
    "a%0d%0aset-cookie:x",
    "x".repeat(10_000),
    "../health:ingest",
  ];
  for (const text of wrong) {
    assertEquals(await scene.codeOf(scene.admit("sse", `/sse?ticket=${text}`)), "UNAUTHORIZED");
  }
});

pure("POST /tickets refuses what is no good token, wrong pages and tokens in its URL", async () => {
  const scene = setUp();
  const ask = async (path: string, headers: Record<string, string>) => {
    const response = await scene.routes.request(path, { method: "POST", headers });
    return [response.status, (await response.json()).error.code];
  };
  const token = await aToken();
  assertEquals(await ask("/tickets", {}), [401, "UNAUTHORIZED"]);
  assertEquals(await ask("/tickets", bearer("nonsense")), [401, "UNAUTHORIZED"]);
  assertEquals(await ask("/tickets", bearer(await aToken({ expiresInS: -60 }))), [401, "AUTH_EXPIRED"]);
  assertEquals(await ask(`/tickets?token=${token}`, bearer(token)), [401, "UNAUTHORIZED"]);
  assertEquals(await ask("/tickets", { ...bearer(token), origin: "https://evil.example" }), [
    403,
    "FORBIDDEN",
  ]);
  const long = await aToken({ claims: { x: "y".repeat(TICKET_TOKEN_MAX_CHARS) } });
  assertEquals(await ask("/tickets", bearer(long)), [413, "TOO_LARGE"]);
  const none = setUp({ authMode: "none" });
  assertEquals(
    (await none.routes.request("/tickets", { method: "POST", headers: bearer(token) })).status,
    404,
  );
});

pure("a store that hangs or refuses is told as such, not as a bad token", async () => {
  const scene = setUp();
  scene.store.putTicket = (_id, _text, _ttl, signal) =>
    new Promise((_, reject) =>
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true })
    );
  const token = await aToken();
  const pending = Promise.resolve(
    scene.routes.request("/tickets", { method: "POST", headers: bearer(token) }),
  );
  // Signatures are judged outside the microtask queue: the wait begins a few turns later.
  await until(() => scene.clock.pending > 0, "the wait for the store");
  await scene.clock.advance(TICKET_STORE_WAIT_MS);
  const hung = await pending;
  assertEquals([hung.status, (await hung.json()).error.code], [503, "STORE_UNAVAILABLE"]);
  scene.store.putTicket = () =>
    Promise.reject(new TickcastError("STORE_REFUSED", "Cannot write as the token is read-only"));
  const refused = await scene.routes.request("/tickets", { method: "POST", headers: bearer(token) });
  assertEquals([refused.status, (await refused.json()).error.code], [503, "STORE_REFUSED"]);
  await settle();
});

pure("refusals repeat nothing of what was presented", async () => {
  const { admit } = setUp();
  const error = await assertRejects(() =>
    admit("sse", "/sse?ticket=SECRET-SECRET", { cookie: `${TOKEN_COOKIE}=SECRET` })
  );
  assertNotMatch(String(error), /SECRET/);
});
