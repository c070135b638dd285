/**
 * The issuer's public keys, from the one address the settings name. Fetched when first needed and seldom again,
 * within a time and a size limit; redirects are not followed, and nothing in a token can choose the address.
 */
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from "jose";

/** The key server must answer within this: a socket has five seconds to authenticate. */
export const KEYS_WAIT_MS = 3_000;
/** How long keys are taken for current. */
export const KEYS_FRESH_MS = 600_000;
/** How seldom an unknown `kid` may have them fetched again. */
export const KEYS_COOLDOWN_MS = 30_000;
/** Largest key set read. */
export const KEYS_MAX_BYTES = 512 * 1024;

/** Keys by `kid`, of one issuer. */
export function issuerKeys(jwksUrl: string): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: KEYS_WAIT_MS,
    cacheMaxAge: KEYS_FRESH_MS,
    cooldownDuration: KEYS_COOLDOWN_MS,
    [customFetch]: fetchBounded,
  });
}

async function fetchBounded(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options);
  const { status, body } = response;
  if (status !== 200) {
    await body?.cancel();
    return new Response(null, { status: status >= 200 && status <= 599 ? status : 502 });
  }
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > KEYS_MAX_BYTES) return new Response(null, { status: 502 });
    text += decoder.decode(chunk, { stream: true });
  }
  return new Response(text + decoder.decode(), { status });
}
