/** An edge at a real port that lets nobody in without a token, and tokens for it. */
import { SignJWT } from "jose";
import { CLOCK_TOLERANCE_S } from "../../src/edge/admit/auth_claims.ts";
import type { EdgeSettings } from "../../src/feed/settings/settings.ts";
import { AUDIENCE, ISSUER, JWT_SECRET, secretSettings } from "../support/token_factory.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { until } from "../support/until.ts";
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

/** An edge whose tokens end when a test says so, however slow the machine: its time stands still but for that. */
export interface Timed extends Served {
  /** A token that is good for {@link SHORT_MS} from now. */
  readonly short: string;
  /** Waits with next to no time passing. */
  until(holds: () => boolean, what: string): Promise<void>;
  /** The short token's life passes. */
  outlive(): Promise<void>;
}

/** A whole number of seconds, as tokens have them, and less than the longest poll may wait. */
export const SHORT_MS = 20_000;
/** Time that passes with each look. */
const LOOK_MS = 1;
/** The same while the edge drains. */
const DRAIN_LOOK_MS = 100;

/** Serves one. */
export async function serveTimed(server: "deno" | "hardened"): Promise<Timed> {
  const clock = new ManualClock();
  const short = await tokenFor(SHORT_MS, {}, clock.now());
  const rig = edgeRig({
    clock,
    settings: { authMode: "jwt", jwt: secretSettings, defaultTier: "standard", server },
  });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  return {
    rig,
    port,
    base: `http://127.0.0.1:${port}`,
    short,
    until: (holds, what) =>
      until(async () => {
        await clock.advance(LOOK_MS);
        return holds();
      }, what),
    outlive: () => clock.advance(SHORT_MS),
    async [Symbol.asyncDispose]() {
      let isOver = false;
      const drain = async () => {
        await rig[Symbol.asyncDispose]();
        isOver = true;
      };
      const drained = drain();
      await until(async () => {
        await clock.advance(DRAIN_LOOK_MS);
        return isOver;
      }, "the edge has drained");
      await drained;
    },
  };
}

/** A token that is good for `ms` from now: the tolerance is part of its life. */
export function tokenFor(
  ms: number,
  claims: Record<string, unknown> = {},
  nowMs = Date.now(),
): Promise<string> {
  const exp = (nowMs + ms) / 1000 - CLOCK_TOLERANCE_S;
  return new SignJWT({ sub: "user-1", tier: "premium", ...claims, exp }).setProtectedHeader({ alg: "HS256" })
    .setIssuer(ISSUER).setAudience(AUDIENCE).sign(new TextEncoder().encode(JWT_SECRET));
}

/** Longer than any test. */
export const HOUR_MS = 3_600_000;

/** The header that carries a token. */
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
