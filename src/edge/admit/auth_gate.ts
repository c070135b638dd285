/**
 * The gate every door asks: is the page behind a request welcome, and who is its client. With `AUTH_MODE=none`
 * everybody is anonymous at the default tier and only the origin is checked.
 */
import type { Clock } from "../../feed/clock.ts";
import { TickcastError } from "../../feed/error.ts";
import type { EdgeSettings } from "../../feed/settings/settings.ts";
import type { ShelfStore } from "../../feed/store.ts";
import { plainToken, refuseTokenInUrl, socketToken, TOKEN_COOKIE } from "./auth_request.ts";
import { type TokenVerifier, tokenVerifier } from "./auth_token.ts";
import { checkOrigin, originOf } from "./origin_check.ts";
import { type AccessGate, type Admission, anonymous, type Door, type Principal } from "./principal.ts";
import { TicketDesk } from "./ticket_desk.ts";

/** The part of the settings the gate runs on. */
export type GateSettings = Pick<EdgeSettings, "authMode" | "jwt" | "defaultTier" | "allowedOrigins">;

/** What the gate runs on. */
export interface GateDeps {
  readonly store: ShelfStore;
  readonly clock: Clock;
}

/** The gate and what else shares its keys. */
export interface Access {
  readonly gate: AccessGate;
  readonly desk: TicketDesk;
  /** Undefined with `AUTH_MODE=none`. */
  readonly verify: TokenVerifier | undefined;
}

/** Builds the gate. */
export function createAccess(settings: GateSettings, deps: GateDeps): Access {
  const desk = new TicketDesk(deps.store, deps.clock);
  if (settings.authMode === "none") return { gate: openToAll(settings), desk, verify: undefined };
  const verify = tokenVerifier(settings, deps.clock);
  return { gate: new TokenGate(settings, verify, desk, deps.clock), desk, verify };
}

/** The gate alone. */
export const accessGate = (settings: GateSettings, deps: GateDeps): AccessGate =>
  createAccess(settings, deps).gate;

function openToAll({ allowedOrigins, defaultTier }: GateSettings): AccessGate {
  const admission: Admission = { principal: anonymous(defaultTier), headers: undefined };
  return {
    admit: (request) => {
      checkOrigin(request, allowedOrigins);
      return admission;
    },
    authenticate: () => Promise.resolve(anonymous(defaultTier)),
  };
}

class TokenGate implements AccessGate {
  constructor(
    readonly settings: GateSettings,
    readonly verify: TokenVerifier,
    readonly desk: TicketDesk,
    readonly clock: Clock,
  ) {}

  async admit(request: Request, door: Door): Promise<Admission> {
    checkOrigin(request, this.settings.allowedOrigins);
    const url = new URL(request.url);
    refuseTokenInUrl(url);
    if (door === "ws" || door === "massive") {
      const token = socketToken(request);
      return { principal: token === undefined ? undefined : await this.verify(token), headers: undefined };
    }
    const ticket = door === "sse" ? url.searchParams.get("ticket") : null;
    if (ticket !== null) return await this.#byTicket(request, ticket);
    const token = plainToken(request);
    if (token === undefined) {
      throw new TickcastError(
        "UNAUTHORIZED",
        "Cannot answer as a token is needed: send Authorization: Bearer …, or open a stream with a ticket of POST /tickets",
      );
    }
    return { principal: await this.verify(token), headers: undefined };
  }

  authenticate(token: string): Promise<Principal> {
    return this.verify(token);
  }

  /**
   * A native EventSource sends its URL again at every reconnect, the used ticket in it: the cookie that the first
   * answer set counts first then. A ticket that is new wins over an old cookie.
   */
  async #byTicket(request: Request, ticket: string): Promise<Admission> {
    let token: string;
    try {
      token = await this.desk.redeem(ticket);
    } catch (error) {
      const cookie = plainToken(request);
      if (cookie === undefined) throw error;
      return { principal: await this.verify(cookie), headers: undefined };
    }
    const principal = await this.verify(token);
    return { principal, headers: { "set-cookie": this.#cookie(request, token, principal) } };
  }

  #cookie(request: Request, token: string, principal: Principal): string {
    const lifeS = Math.max(0, Math.floor(((principal.expiresAtMs ?? 0) - this.clock.now()) / 1000));
    // A forged header can only make the cookie safer.
    const isSecure = request.url.startsWith("https:") ||
      request.headers.get("x-forwarded-proto") === "https" ||
      (originOf(request)?.startsWith("https://") ?? false);
    const isForeign = originOf(request) !== undefined;
    const sameSite = isForeign && isSecure ? "None" : "Strict";
    return `${TOKEN_COOKIE}=${token}; Path=/; Max-Age=${lifeS}; HttpOnly; SameSite=${sameSite}${
      isSecure ? "; Secure" : ""
    }`;
  }
}
