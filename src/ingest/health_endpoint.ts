/**
 * What role `ingest` answers over HTTP: its own health and nothing else. A standby is ready; readiness fails only while
 * stopping. Everything is answered from memory, so a hanging Redis never makes it hang.
 */
import type { IngestHealth } from "../feed/health.ts";

/** The part of a running ingest that this needs. */
export interface HealthSource {
  health(): IngestHealth;
  /** False once stopping. */
  readonly ready: boolean;
}

const json = (status: number, body: unknown) =>
  Response.json(body, { status, headers: { "cache-control": "no-store" } });

/** Answers `/health`, `/health/ready` and `/health/ingest`; 404 elsewhere, 405 for other methods. */
export function healthEndpoint(source: HealthSource): (request: Request) => Response {
  return (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return json(405, {
        error: { code: "METHOD_NOT_ALLOWED", message: "Cannot answer as only GET is served here" },
      });
    }
    switch (new URL(request.url).pathname) {
      case "/health":
        return json(200, { status: "ok" });
      case "/health/ready":
        return source.ready
          ? json(200, { status: "ready", role: source.health().role })
          : json(503, { status: "stopping" });
      case "/health/ingest":
        return json(200, source.health());
      default:
        return json(404, {
          error: {
            code: "NOT_FOUND",
            message: "Cannot answer as role ingest serves /health, /health/ready and /health/ingest",
          },
        });
    }
  };
}
