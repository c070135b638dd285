/**
 * What a token's claims grant. `streams` and `symbols` are lists (or texts separated by spaces or commas), `tier` one
 * of the tiers, `exp` is required. A claim that is absent restricts nothing; one that can't be understood refuses the
 * token, for guessing would grant.
 */
import { z } from "zod";
import { TickcastError } from "../../feed/error.ts";
import { type Tier, TIERS } from "../../feed/settings/settings.ts";
import { parsePattern, symbolPatterns } from "../../feed/symbol.ts";
import type { Principal } from "./principal.ts";

/** Most entries of one list claim. */
export const CLAIM_ENTRIES_MAX = 10_000;
/** How far the clocks of issuer and edge may differ. */
export const CLOCK_TOLERANCE_S = 5;
const SUBJECT_MAX_CHARS = 256;

const Names = z.union([
  z.array(z.string().min(1).max(64)).max(CLAIM_ENTRIES_MAX),
  z.string().max(CLAIM_ENTRIES_MAX * 32).transform((text) =>
    text.split(/[\s,]+/).filter((name) => name !== "")
  ),
]);

const Claims = z.object({
  sub: z.string().max(SUBJECT_MAX_CHARS).optional(),
  exp: z.number().positive().max(8.64e12),
  streams: Names.optional(),
  symbols: Names.optional(),
  tier: z.enum(TIERS).optional(),
});

/**
 * Reads verified claims.
 * @throws {TickcastError} UNAUTHORIZED naming the claim that can't be understood, never its value
 */
export function principalOf(claims: unknown, defaultTier: Tier): Principal {
  const parsed = Claims.safeParse(claims);
  if (!parsed.success) throw badClaim(String(parsed.error.issues[0]?.path[0] ?? "token"));
  const { sub, exp, streams, symbols, tier } = parsed.data;
  return {
    subject: sub ?? "",
    tier: tier ?? defaultTier,
    expiresAtMs: (exp + CLOCK_TOLERANCE_S) * 1000,
    streams: streams === undefined || streams.includes("*") ? undefined : new Set(streams),
    symbols: symbols === undefined ? undefined : patternsOf(symbols),
  };
}

function patternsOf(symbols: readonly string[]): Principal["symbols"] {
  try {
    return symbolPatterns(symbols.map(parsePattern));
  } catch {
    throw badClaim("symbols");
  }
}

const badClaim = (claim: string) =>
  new TickcastError(
    "UNAUTHORIZED",
    `Cannot take the token as its claim ${claim.slice(0, 32)} can't be understood`,
  );
