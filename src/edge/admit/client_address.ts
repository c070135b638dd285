/**
 * Whose request this is, by address: the peer's own, or what `X-Forwarded-For` says where the peer is a proxy of
 * ours. Anybody can write that header, so it is read from its end and only as far as trusted proxies wrote it.
 */
import { type IpBytes, type IpRange, isInRange, parseIp, parseRange } from "./ip_address.ts";

/** Hops of a chain that are looked at. */
const HOPS_MAX = 16;
const HEADER_MAX_CHARS = 2048;
/** One subscriber usually has a whole /64 of IPv6: addresses within it are one client. */
const V6_CLIENT_BYTES = 8;
const BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const PLAIN_V4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);

/** Reads `TRUSTED_PROXIES`; entries that are no ranges are left out (settings refuse them before). */
export const trustedRanges = (texts: readonly string[]): readonly IpRange[] =>
  texts.map(parseRange).filter((range) => range !== undefined);

/** What requests of one client have in common: its IPv4 address, or its /64. */
export function addressKey(bytes: IpBytes): string {
  return bytes.length === 4
    ? bytes.join(".")
    : bytes.slice(0, V6_CLIENT_BYTES).map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The key of the client behind a request. Undefined when the peer's address is not known (a Unix socket, a test).
 * @param remote the peer's address, as the server sees it
 * @param forwarded the `X-Forwarded-For` header
 */
export function clientAddress(
  remote: string | undefined,
  forwarded: string | null,
  trusted: readonly IpRange[],
): string | undefined {
  // Nearly every request where no proxy stands in front: a server writes an IPv4 peer as the key is written.
  if (trusted.length === 0 && remote !== undefined && PLAIN_V4.test(remote)) return remote;
  const peer = remote === undefined ? undefined : parseIp(remote);
  if (peer === undefined) return undefined;
  const isTrusted = (address: IpBytes) => trusted.some((range) => isInRange(address, range));
  let client = peer;
  const hops = forwarded === null || forwarded.length > HEADER_MAX_CHARS
    ? []
    : forwarded.split(",").slice(-HOPS_MAX);
  while (isTrusted(client)) {
    const hop = hops.pop();
    const address = hop === undefined ? undefined : parseIp(hop.trim());
    // What a trusted proxy wrote and nobody can read is that proxy's request.
    if (address === undefined) break;
    client = address;
  }
  return addressKey(client);
}
