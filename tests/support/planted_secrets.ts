/** Secrets that are known by their looks, planted in a program's settings, and the search for them in all it says. */
import { assert, assertEquals } from "@std/assert";
import { SignJWT } from "jose";
import { AUDIENCE, ISSUER } from "./token_factory.ts";

const SECRET_MIN_CHARS = 8;
const JWT_SECRET = "PLANTED-jwt-secret-of-more-than-32-characters";

/** One of each kind. */
export const PLANTED = {
  jwtSecret: JWT_SECRET,
  adminToken: "PLANTED-admin-token-0123456789",
  /** Nobody's. */
  wrongToken: "PLANTED-wrong-token-0123456789",
  redisPassword: "PLANTED-redis-password",
  restToken: "PLANTED-rest-token",
  apiKey: "PLANTED-massive-key",
} as const;

/** The settings of an edge that asks for tokens, every one of its secrets planted. */
export const PLANTED_AUTH = {
  AUTH_MODE: "jwt",
  JWT_SECRET,
  JWT_ISSUER: ISSUER,
  JWT_AUDIENCE: AUDIENCE,
  ADMIN_TOKEN: PLANTED.adminToken,
} as const;

/** A token that such an edge takes, for an hour of the real clock. */
export const plantedToken = (): Promise<string> =>
  new SignJWT({ sub: "user-1" }).setProtectedHeader({ alg: "HS256" }).setIssuer(ISSUER).setAudience(AUDIENCE)
    .setExpirationTime("1h").sign(new TextEncoder().encode(JWT_SECRET));

/** A token, and the part of it that must not be known alone either. */
export const secretsOf = (token: string): readonly string[] => [token, token.split(".")[2] ?? token];

/** Nothing planted is in what was said, nor any of `secrets`. */
export function assertSaysNoSecret(said: readonly string[], secrets: readonly string[]): void {
  const text = said.join("\n");
  assert(text.length > 10_000, "there was something to look in");
  assertEquals(text.match(/.{0,80}PLANTED.{0,40}/)?.[0], undefined);
  for (const secret of secrets) {
    assert(secret.length >= SECRET_MIN_CHARS, "a secret that can be told from other text");
    const at = text.indexOf(secret);
    const before = at < 0 ? "nowhere" : text.slice(Math.max(0, at - 80), at);
    assertEquals(before, "nowhere", `…${secret.slice(-6)} is said`);
  }
}
