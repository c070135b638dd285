/** All HTTP routes of an edge in one app: delivery, operations, pages. WebSockets and event streams never come through here (`edge_doors.ts`). */
import { Hono } from "hono";
import { describeError, TickcastError } from "../feed/error.ts";
import { deliveryRoutes } from "./deliver/delivery_routes.ts";
import type { EdgeCore } from "./edge_core.ts";
import { answerFault, answerText, tagOf } from "./http_answer.ts";
import { cors } from "./admit/origin_cors.ts";
import { securityHeaders } from "./admit/security_headers.ts";
import type { SessionHub } from "./deliver/session_hub.ts";

/** A page or asset, served as it is. */
export interface Page {
  readonly body: Uint8Array<ArrayBuffer> | string;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Pages by path. */
export type Pages = ReadonlyMap<string, Page>;

/** Puts the app together; `others` are mounted at the root, before pages. */
export function edgeApp(core: EdgeCore, hub: SessionHub, others: readonly Hono[], pages: Pages): Hono {
  const app = new Hono();
  app.use(securityHeaders());
  app.use(cors(core.settings.allowedOrigins));
  app.onError((error) => {
    core.log.error("http_error", { error: describeError(error) });
    return answerFault(error);
  });
  app.notFound(() =>
    answerFault(new TickcastError("NOT_FOUND", "Cannot answer as there is nothing at this path"))
  );
  app.route("/", deliveryRoutes(core, hub));
  for (const other of others) app.route("/", other);
  for (const [path, page] of pages) {
    const etag = `"${tagOf(`${path} ${page.body.length} ${pageDigest(page)}`)}"`;
    app.get(path, (c) => servePage(c.req.raw, page, etag));
  }
  return app;
}

/** Of every byte: a new release's script may well have the length and the head of the old one. */
const pageDigest = ({ body }: Page): string =>
  tagOf(typeof body === "string" ? body : new TextDecoder("latin1").decode(body));

function servePage(request: Request, { body, contentType, headers }: Page, etag: string): Response {
  const all = { "content-type": contentType, "cache-control": "no-cache", ...headers };
  const isKnown = answerText(request, "", etag, all["cache-control"]).status === 304;
  return new Response(isKnown ? null : body, { status: isKnown ? 304 : 200, headers: { ...all, etag } });
}
