/** `/openapi.json`, `/asyncapi.json` and `/docs`: made once, served as they are. */
import { Hono } from "hono";
import { asyncapiDocument } from "./asyncapi_document.ts";
import { openapiDocument } from "./openapi_document.ts";
import { DOCS_STYLE, DOCS_STYLE_PATH, docsPage } from "./openapi_page.ts";

const CACHE = "public, max-age=300";

/** See the file's head. */
export function openapiRoutes(version: string): Hono {
  const app = new Hono();
  const serve = (path: string, body: string, type: string) =>
    app.get(path, () => new Response(body, { headers: { "content-type": type, "cache-control": CACHE } }));
  serve("/openapi.json", JSON.stringify(openapiDocument(version)), "application/json; charset=utf-8");
  serve("/asyncapi.json", JSON.stringify(asyncapiDocument(version)), "application/json; charset=utf-8");
  serve("/docs", docsPage(version), "text/html; charset=utf-8");
  serve(DOCS_STYLE_PATH, DOCS_STYLE, "text/css; charset=utf-8");
  return app;
}
