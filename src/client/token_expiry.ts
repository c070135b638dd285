/** Reading when a token ends, which only its issuer can be believed about. */

/** When a JWT expires, Unix ms; undefined when the token is none or doesn't say. */
export function expiryOf(token: string): number | undefined {
  try {
    const payload = token.split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/") ?? "";
    const { exp } = JSON.parse(atob(payload));
    return typeof exp === "number" ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
