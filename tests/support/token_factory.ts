/** Tokens for tests: good ones by default, and every way to get one wrong. */
import { type JWTPayload, SignJWT } from "jose";
import type { EdgeSettings } from "../../src/feed/settings/settings.ts";
import { A_MONDAY } from "./event_factory.ts";

export const JWT_SECRET = "a-secret-of-at-least-thirty-two-characters";
export const ISSUER = "https://id.example.com";
export const AUDIENCE = "tickcast";

/** `AUTH_MODE=jwt` with a shared secret. */
export const secretSettings: EdgeSettings["jwt"] = {
  secret: JWT_SECRET,
  jwksUrl: undefined,
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ["HS256"],
};

/** What a token says; undefined leaves a claim out. Times in s since 1970, relative to {@link A_MONDAY}. */
export interface TokenParts {
  readonly claims?: JWTPayload;
  readonly header?: { readonly alg?: string; readonly typ?: string; readonly kid?: string };
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  readonly expiresInS?: number | undefined;
  readonly startsInS?: number;
  readonly key?: Parameters<SignJWT["sign"]>[0];
}

/** Signs one. */
export function aToken(parts: TokenParts = {}): Promise<string> {
  const nowS = Math.floor(A_MONDAY / 1000);
  const sign = new SignJWT({ sub: "user-1", ...parts.claims }).setProtectedHeader({
    alg: "HS256",
    ...parts.header,
  });
  const has = (name: keyof TokenParts) => name in parts;
  if (!has("issuer") || parts.issuer !== undefined) sign.setIssuer(parts.issuer ?? ISSUER);
  if (!has("audience") || parts.audience !== undefined) sign.setAudience(parts.audience ?? AUDIENCE);
  if (!has("expiresInS") || parts.expiresInS !== undefined) {
    sign.setExpirationTime(nowS + (parts.expiresInS ?? 3600));
  }
  if (parts.startsInS !== undefined) sign.setNotBefore(nowS + parts.startsInS);
  return sign.sign(parts.key ?? new TextEncoder().encode(JWT_SECRET));
}

const part = (value: unknown) =>
  btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** A token nobody signed. */
export const unsignedToken = (header: unknown, claims: unknown, signature = ""): string =>
  `${part(header)}.${part(claims)}.${signature}`;
