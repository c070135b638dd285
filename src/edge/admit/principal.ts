/**
 * Who a client is, and the door it comes through. Transports ask an {@link AccessGate} and obey; how tokens, cookies and
 * origins are judged is the gate's own business (`auth_*.ts`, `origin*.ts`).
 */
import type { Tier } from "../../feed/settings/settings.ts";
import { coveredBy, matchesPatterns, type SymbolPatterns } from "../../feed/symbol.ts";

/** What a client may have. */
export interface Principal {
  /** The token's subject; empty for anonymous clients. */
  readonly subject: string;
  readonly tier: Tier;
  /** Unix ms at which the right ends; undefined: never. */
  readonly expiresAtMs: number | undefined;
  /** Undefined: every stream. */
  readonly streams: ReadonlySet<string> | undefined;
  /** Undefined: every symbol. */
  readonly symbols: SymbolPatterns | undefined;
}

/** Where a client knocks. */
export type Door = "ws" | "sse" | "poll" | "snapshot" | "massive";

/** A request let in. */
export interface Admission {
  /** Undefined only on `ws` and `massive`: it must authenticate by a message within `CLIENT_AUTH_TIMEOUT`. */
  readonly principal: Principal | undefined;
  /** To be set on the answer (an HttpOnly cookie after a ticket), where the door can. */
  readonly headers: Readonly<Record<string, string>> | undefined;
}

/** Judges clients. */
export interface AccessGate {
  /**
   * Judges a request by origin, header, cookie, subprotocol or ticket.
   * @throws {TickcastError} UNAUTHORIZED, AUTH_EXPIRED, FORBIDDEN
   */
  admit(request: Request, door: Door): Admission | Promise<Admission>;
  /**
   * Judges a token sent in a message.
   * @throws {TickcastError} UNAUTHORIZED, AUTH_EXPIRED
   */
  authenticate(token: string): Promise<Principal>;
}

/** Somebody without a token, where none is asked for. */
export const anonymous = (tier: Tier): Principal => ({
  subject: "",
  tier,
  expiresAtMs: undefined,
  streams: undefined,
  symbols: undefined,
});

/** A gate that lets everybody in: `AUTH_MODE=none` without its origin check. For tests. */
export function openGate(tier: Tier): AccessGate {
  const admission: Admission = { principal: anonymous(tier), headers: undefined };
  return {
    admit: () => admission,
    authenticate: () => Promise.resolve(anonymous(tier)),
  };
}

/** Whether a principal may have a stream. */
export const maySeeStream = (principal: Principal, stream: string): boolean =>
  principal.streams === undefined || principal.streams.has(stream);

/** Whether everything a pattern (`*`, `AAPL`, `X:*`) can match is within a principal's rights. */
export function mayUsePattern(principal: Principal, pattern: string): boolean {
  const { symbols } = principal;
  if (symbols === undefined || symbols.all) return true;
  if (pattern === "*") return false;
  if (!pattern.endsWith("*")) return matchesPatterns(symbols, pattern);
  const prefix = pattern.slice(0, -1);
  return coveredBy(symbols.prefixes, prefix);
}
