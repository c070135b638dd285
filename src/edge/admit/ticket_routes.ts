/**
 * `POST /tickets`: a token in a header becomes a ticket in a URL, for the one client that can't send headers
 * (`EventSource`).
 */
import { Hono } from "hono";
import { TickcastError } from "../../feed/error.ts";
import { bearerToken } from "../admin/admin_guard.ts";
import { refuseTokenInUrl } from "./auth_request.ts";
import type { TokenVerifier } from "./auth_token.ts";
import { answer, answerError } from "../report/operational_answer.ts";
import { checkOrigin } from "./origin_check.ts";
import { TICKET_TTL_MS, type TicketDesk } from "./ticket_desk.ts";

/** What the route needs. */
export interface TicketRouteOptions {
  /** Undefined with `AUTH_MODE=none`: nobody needs a ticket. */
  readonly verify: TokenVerifier | undefined;
  readonly desk: TicketDesk;
  readonly allowedOrigins: readonly string[] | undefined;
}

/** See the file's head. */
export function ticketRoutes({ verify, desk, allowedOrigins }: TicketRouteOptions): Hono {
  const app = new Hono();
  app.post("/tickets", async (c) => {
    try {
      const request = c.req.raw;
      checkOrigin(request, allowedOrigins);
      refuseTokenInUrl(new URL(request.url));
      if (verify === undefined) {
        throw new TickcastError("NOT_FOUND", "Cannot give a ticket as nobody needs one: AUTH_MODE is none");
      }
      const token = bearerToken(request);
      if (token === undefined) {
        throw new TickcastError(
          "UNAUTHORIZED",
          "Cannot give a ticket as the token must come as Authorization: Bearer …",
        );
      }
      const { subject } = await verify(token);
      return answer({ ticket: await desk.issue(token, subject), expires_in_s: TICKET_TTL_MS / 1000 }, 201);
    } catch (error) {
      return answerError(error);
    }
  });
  return app;
}
