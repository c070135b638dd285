/** The HTTP side of delivery: polls, snapshots. Sockets and event streams have doors of their own. */
import { type Context, Hono } from "hono";
import { describeError, TickcastError } from "../../feed/error.ts";
import type { EdgeCore } from "../edge_core.ts";
import { answerFault } from "../http_answer.ts";
import { handlePoll } from "./poll_handler.ts";
import type { Door } from "../admit/principal.ts";
import type { SessionHub } from "./session_hub.ts";
import { handleSnapshot } from "./snapshot_handler.ts";

type OneShot = typeof handlePoll;

/** The routes, to be mounted at the root. */
export function deliveryRoutes(core: EdgeCore, hub: SessionHub): Hono {
  const app = new Hono();
  // Streams that exist were opened before the app was asked (`edge_doors.ts`), where they are counted.
  const sse = () => {
    core.counters.refuse("UNKNOWN_STREAM");
    return answerFault(
      new TickcastError("UNKNOWN_STREAM", "Cannot follow a stream as there is none of that name"),
    );
  };
  app.get("/sse", sse);
  app.get("/sse/:stream", sse);
  app.get("/events/:stream", (c) => oneShot(core, hub, c, "poll", handlePoll));
  app.get("/snapshot/:stream", (c) => oneShot(core, hub, c, "snapshot", handleSnapshot));
  const notAllowed = () =>
    answerFault(new TickcastError("METHOD_NOT_ALLOWED", "Cannot answer as the method must be GET"), {
      allow: "GET, HEAD",
    });
  for (const path of ["/sse", "/sse/:stream", "/events/:stream", "/snapshot/:stream"]) {
    app.all(path, notAllowed);
  }
  return app;
}

async function oneShot(
  core: EdgeCore,
  hub: SessionHub,
  c: Context,
  door: Door,
  handle: OneShot,
): Promise<Response> {
  try {
    if (hub.isDraining) throw new TickcastError("DRAINING", "Cannot answer as this instance is going away");
    const admission = await core.gate.admit(c.req.raw, door);
    return await handle(core, c.req.raw, new URL(c.req.url), c.req.param("stream") ?? "", admission);
  } catch (error) {
    if (!(error instanceof TickcastError)) {
      core.log.error("http_error", { door, error: describeError(error) });
    }
    core.counters.refuse(error instanceof TickcastError ? error.code : "INTERNAL");
    return answerFault(error);
  }
}
