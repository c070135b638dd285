/** An edge at a real port that lets nobody in without a token, and tokens for it. */
import { SignJWT } from "jose";
import { CLOCK_TOLERANCE_S } from "../../src/edge/admit/auth_claims.ts";
import type { EdgeSettings } from "../../src/feed/settings/settings.ts";
import { AUDIENCE, ISSUER, JWT_SECRET, secretSettings } from "../support/token_factory.ts";
import { edgeRig, type Rig } from "./edge_rig.ts";

/** An edge that asks for tokens, behind a real port. */
export interface Served extends AsyncDisposable {
  readonly rig: Rig;
  readonly port: number;
  readonly base: string;
}

/** Serves one. */
export async function serveWithTokens(
  server: "deno" | "hardened",
  over: Partial<EdgeSettings> = {},
): Promise<Served> {
  const rig = edgeRig({
    settings: { authMode: "jwt", jwt: secretSettings, defaultTier: "standard", server, ...over },
  });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  return {
    rig,
    port,
    base: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

/** A token that is good for `ms` from now: the tolerance is part of its life. */
export function tokenFor(ms: number, claims: Record<string, unknown> = {}): Promise<string> {
  const exp = (Date.now() + ms) / 1000 - CLOCK_TOLERANCE_S;
  return new SignJWT({ sub: "user-1", tier: "premium", ...claims, exp }).setProtectedHeader({ alg: "HS256" })
    .setIssuer(ISSUER).setAudience(AUDIENCE).sign(new TextEncoder().encode(JWT_SECRET));
}

/** Longer than any test. */
export const HOUR_MS = 3_600_000;

/** The header that carries a token. */
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
