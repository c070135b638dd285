import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { cors, PREFLIGHT_MAX_AGE_S } from "../../../src/edge/admit/origin_cors.ts";
import { CONTENT_SECURITY_POLICY, securityHeaders } from "../../../src/edge/admit/security_headers.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });
const APP = "https://app.example.com";

function anApp(allowed: readonly string[] | undefined) {
  const app = new Hono();
  app.use(securityHeaders());
  app.use(cors(allowed));
  app.get("/data", () => Response.json({}));
  app.get("/page", (c) => c.html("<p>hello</p>"));
  app.get("/own", (c) => c.html("<p>hello</p>", 200, { "content-security-policy": "default-src 'self'" }));
  return async (path: string, origin?: string, method = "GET") => {
    const response = await app.request(path, { method, headers: origin === undefined ? {} : { origin } });
    await response.body?.cancel();
    return response;
  };
}

pure("only listed origins get CORS headers, by name and with Vary", async () => {
  const ask = anApp([APP]);
  const good = (await ask("/data", APP)).headers;
  assertEquals([
    good.get("access-control-allow-origin"),
    good.get("access-control-allow-credentials"),
    good.get("vary"),
  ], [APP, "true", "Origin"]);
  for (const origin of ["https://evil.example", "null", `${APP}.evil.com`, undefined]) {
    const { headers } = await ask("/data", origin);
    assertEquals([headers.get("access-control-allow-origin"), headers.get("vary")], [null, "Origin"]);
  }
});

pure("without a list nobody gets any", async () => {
  const { headers } = await anApp(undefined)("/data", APP);
  assertEquals([...headers.keys()].filter((name) => name.startsWith("access-control")), []);
});

pure("preflights are answered, for listed origins with what the routes need", async () => {
  const ask = anApp([APP]);
  const good = await ask("/data", APP, "OPTIONS");
  assertEquals([good.status, good.headers.get("access-control-max-age")], [204, String(PREFLIGHT_MAX_AGE_S)]);
  const bad = await ask("/data", "https://evil.example", "OPTIONS");
  assertEquals([bad.status, bad.headers.get("access-control-allow-methods")], [204, null]);
});

pure("pages carry a policy that lets nothing foreign in, answers carry nosniff", async () => {
  const ask = anApp(undefined);
  const page = (await ask("/page")).headers;
  assertEquals([page.get("content-security-policy"), page.get("x-frame-options")], [
    CONTENT_SECURITY_POLICY,
    "DENY",
  ]);
  const data = (await ask("/data")).headers;
  assertEquals([
    data.get("content-security-policy"),
    data.get("x-content-type-options"),
    data.get("referrer-policy"),
  ], [
    null,
    "nosniff",
    "no-referrer",
  ]);
  assertEquals((await ask("/own")).headers.get("content-security-policy"), "default-src 'self'");
  assertEquals(/unsafe|\*|https?:/.test(CONTENT_SECURITY_POLICY), false);
});
