/**
 * `/health…`: is the process alive, may traffic come, is each stream fresh. Answers within a second whatever hangs.
 */
import { Hono } from "hono";
import type { Guard } from "../admin/admin_guard.ts";
import type { EdgePhase } from "./health_facts.ts";
import { type HealthService, isFault } from "./health_service.ts";
import { answer, refuse, RETRY_AFTER_S } from "./operational_answer.ts";

const WHY_NOT_READY: Readonly<Record<Exclude<EdgePhase, "serving">, string>> = {
  starting: "still starting",
  draining: "draining before it stops",
  shedding: "short of memory, takes no new clients",
};

/**
 * The health routes. `/health` and `/health/ready` are always open: balancers hold no tokens, and they tell nothing.
 */
export function healthRoutes(health: HealthService, mayRead: Guard): Hono {
  const app = new Hono();
  app.get("/health", () => answer(health.alive()));
  app.get("/health/ready", () => {
    const { phase, edge } = health.alive();
    if (phase === "serving") return answer({ ready: true, phase, edge });
    return answer({ ready: false, phase, edge, reason: WHY_NOT_READY[phase] }, 503, {
      "retry-after": String(RETRY_AFTER_S),
    });
  });
  app.get("/health/streams", async (c) => {
    const refusal = mayRead(c.req.raw);
    if (refusal) return refusal;
    const report = await health.streams();
    return answer(report, report.ok ? 200 : 503);
  });
  app.get("/health/streams/:stream", async (c) => {
    const refusal = mayRead(c.req.raw);
    if (refusal) return refusal;
    const report = (await health.reports()).find((one) => one.stream === c.req.param("stream"));
    if (!report) return refuse("UNKNOWN_STREAM", "Cannot tell a stream's health as no stream has that name");
    return answer(report, isFault(report.state) ? 503 : 200);
  });
  return app;
}
