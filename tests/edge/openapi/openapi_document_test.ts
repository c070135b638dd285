import { assert, assertEquals, assertMatch } from "@std/assert";
import { deliveryRoutes } from "../../../src/edge/deliver/delivery_routes.ts";
import { openapiDocument, OPERATIONS } from "../../../src/edge/openapi/openapi_document.ts";
import { SCHEMAS } from "../../../src/edge/openapi/openapi_schemas.ts";
import { docsPage } from "../../../src/edge/openapi/openapi_page.ts";
import { createAccess } from "../../../src/edge/admit/auth_gate.ts";
import { ticketRoutes } from "../../../src/edge/admit/ticket_routes.ts";
import { ADMIN_TOKEN, anOperationalSide } from "../../support/operational_scene.ts";
import { edgeRig } from "../edge_rig.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

/** Opened before the HTTP app, for upgrades can't pass through it. */
const SOCKET_PATHS = ["get /ws", "get /ws/{stream}", "get /massive/{market}"];
/** The page's own style sheet. */
const UNDESCRIBED = ["get /docs.css"];

pure("every route is described, and everything described is a route", async () => {
  using scene = await anOperationalSide();
  await using rig = edgeRig({ clock: new ManualClock() });
  const access = createAccess(rig.edge.core.settings, rig);
  const apps = [
    scene.side.routes,
    deliveryRoutes(rig.edge.core, rig.edge.hub),
    ticketRoutes({ ...access, allowedOrigins: undefined }),
  ];
  const routes = apps.flatMap((app) => app.routes).filter(({ method }) => method !== "ALL").map((
    { method, path },
  ) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, "{$1}")}`);
  const described = OPERATIONS.map(({ method, path }) => `${method} ${path}`);
  assertEquals(
    [...new Set([...routes, ...SOCKET_PATHS])].filter((one) => !UNDESCRIBED.includes(one)).sort(),
    [...described].sort(),
  );
});

pure("the document is OpenAPI 3.1 whose references and parameters resolve", () => {
  const document = openapiDocument("1.2.3");
  const json = JSON.stringify(document);
  for (const [, name] of json.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    assert(name !== undefined && name in SCHEMAS, name);
  }
  const ids = [...json.matchAll(/"operationId":"(\w+)"/g)].map(([, id]) => id);
  assertEquals(new Set(ids).size, OPERATIONS.length);
  for (const { path, parameters } of OPERATIONS) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    assertEquals(named, (parameters ?? []).filter((one) => one.in === "path").map(({ name }) => name), path);
  }
  assertMatch(json, /^\{"openapi":"3\.1\.0"/);
});

Deno.test("the document is valid by a validator of OpenAPI", async () => {
  const { Validator } = await import("@seriousme/openapi-schema-validator");
  const validator = new Validator();
  assertEquals(await validator.validate({ ...openapiDocument("1.2.3") }), { valid: true });
  assertEquals(validator.version, "3.1");
  const wrong = await validator.validate({ ...openapiDocument("1.2.3"), paths: { "/x": { get: 1 } } });
  assertEquals(wrong.valid, false);
});

pure("everything that acts needs the admin token, and nothing that reads does", () => {
  for (const { method, access, path } of OPERATIONS) {
    if (path === "/tickets") continue;
    assertEquals(access === "admin", method !== "get", path);
  }
});

pure("answers have the members that are described", async () => {
  using scene = await anOperationalSide();
  const tried: string[] = [];
  for (const { method, path, access, replies } of OPERATIONS) {
    const schema = replies["200"]?.schema;
    if (method !== "get" || access === "client" || schema === undefined || path.includes("{")) continue;
    const response = await scene.request("GET", path, { token: ADMIN_TOKEN });
    const body = await response.json();
    const shape = "$ref" in schema ? SCHEMAS[String(schema.$ref).split("/").pop() ?? ""] : schema;
    const names = Object.keys(shape?.properties ?? {});
    assertEquals(names.filter((name) => !(name in body)), [], path);
    if (names.length > 0) tried.push(path);
  }
  assert(tried.includes("/health/streams") && tried.includes("/ws/stats"), tried.join());
});

pure("the page needs nothing from elsewhere and runs no script", async () => {
  const page = docsPage("<1.2.3>");
  assertEquals(/<script|https?:\/\/|style=|\son\w+=|<1\.2\.3>/.test(page), false);
  for (const { path } of OPERATIONS) assert(page.includes(path), path);
  using scene = await anOperationalSide();
  for (const path of ["/docs", "/docs.css", "/openapi.json", "/asyncapi.json"]) {
    const response = await scene.request("GET", path);
    assertEquals(response.status, 200);
    assert((await response.text()).length > 500);
  }
});
