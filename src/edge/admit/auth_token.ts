/**
 * Verifies tokens. Algorithms, issuer and audience are pinned by the settings, and so is where keys come from:
 * nothing in a token chooses either. Keys are remembered per issuer (there is one) and `kid`; unknown ones are looked
 * up again seldom.
 */
import { errors, jwtVerify, type JWTVerifyOptions } from "jose";
import type { Clock } from "../../feed/clock.ts";
import { TickcastError } from "../../feed/error.ts";
import type { EdgeSettings, Tier } from "../../feed/settings/settings.ts";
import { CLOCK_TOLERANCE_S, principalOf } from "./auth_claims.ts";
import { issuerKeys } from "./auth_keys.ts";
import type { Principal } from "./principal.ts";

/** Longest token looked at, in characters. */
export const TOKEN_MAX_CHARS = 8192;

/** Types a token may say it is. */
const TOKEN_TYPES = new Set(["jwt", "at+jwt", "application/at+jwt"]);

/** How a verifier is made. */
export interface TokenSettings {
  readonly jwt: EdgeSettings["jwt"];
  readonly defaultTier: Tier;
}

/** Judges a token. @throws {TickcastError} UNAUTHORIZED, AUTH_EXPIRED, KEYS_UNAVAILABLE */
export type TokenVerifier = (token: string) => Promise<Principal>;

/** Builds the verifier. @throws {TickcastError} SETTINGS when the settings pin nothing (they are checked before) */
export function tokenVerifier(settings: TokenSettings, clock: Clock): TokenVerifier {
  const { secret, jwksUrl, issuer, audience, algorithms } = settings.jwt;
  const key = secret !== undefined
    ? new TextEncoder().encode(secret)
    : jwksUrl !== undefined
    ? issuerKeys(jwksUrl)
    : undefined;
  if (key === undefined || issuer === undefined || audience === undefined || algorithms.length === 0) {
    throw new TickcastError(
      "SETTINGS",
      "Cannot verify tokens as AUTH_MODE=jwt needs a key, JWT_ISSUER, JWT_AUDIENCE and algorithms",
    );
  }
  return async (token) => {
    if (token.length === 0 || token.length > TOKEN_MAX_CHARS) {
      throw refused(`it must have 1 to ${TOKEN_MAX_CHARS} characters`);
    }
    const options: JWTVerifyOptions = {
      algorithms: [...algorithms],
      issuer,
      audience,
      requiredClaims: ["exp"],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(clock.now()),
    };
    try {
      const { payload, protectedHeader } = key instanceof Uint8Array
        ? await jwtVerify(token, key, options)
        : await jwtVerify(token, key, options);
      if (protectedHeader.typ !== undefined && !TOKEN_TYPES.has(protectedHeader.typ.toLowerCase())) {
        throw refused("its type is not that of an access token");
      }
      return principalOf(payload, settings.defaultTier);
    } catch (error) {
      throw tokenError(error);
    }
  };
}

const refused = (why: string) => new TickcastError("UNAUTHORIZED", `Cannot take the token as ${why}`);

/** Our own words for what the library found: nothing of the token, nothing of the keys. */
function tokenError(error: unknown): TickcastError {
  if (error instanceof TickcastError) return error;
  if (error instanceof errors.JWTExpired) {
    return new TickcastError("AUTH_EXPIRED", "Cannot take the token as it has expired");
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return refused(`its claim ${error.claim.slice(0, 32)} is not the one that is asked for`);
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return refused("its algorithm is not allowed");
  const isTokenFault = error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
  if (isTokenFault) return refused("it is not one of ours");
  return new TickcastError(
    "KEYS_UNAVAILABLE",
    "Cannot judge the token as the issuer's keys can't be had now",
  );
}
