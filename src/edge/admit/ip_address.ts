/**
 * IP addresses as bytes: read strictly, IPv4 within IPv6 unwrapped, so that two spellings of one address are one
 * address. Pure.
 */

/** 4 or 16 bytes. */
export type IpBytes = readonly number[];

const DECIMAL_BYTE = /^(0|[1-9][0-9]{0,2})$/;
const HEX_GROUP = /^[0-9a-fA-F]{1,4}$/;
const GROUPS = 8;

function readV4(text: string): IpBytes | undefined {
  const parts = text.split(".");
  const bytes = parts.map((part) => DECIMAL_BYTE.test(part) ? Number(part) : 256);
  return parts.length === 4 && bytes.every((byte) => byte < 256) ? bytes : undefined;
}

/** The 16-bit groups of one side of `::`; an IPv4 tail is two of them. */
function readGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [n, part] of parts.entries()) {
    const v4 = n === parts.length - 1 && part.includes(".") ? readV4(part) : undefined;
    if (v4) groups.push((v4[0] ?? 0) * 256 + (v4[1] ?? 0), (v4[2] ?? 0) * 256 + (v4[3] ?? 0));
    else if (HEX_GROUP.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

function readV6(text: string): IpBytes | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const before = readGroups(halves[0] ?? "");
  const after = halves.length === 2 ? readGroups(halves[1] ?? "") : [];
  if (before === undefined || after === undefined) return undefined;
  const missing = GROUPS - before.length - after.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...before, ...Array<number>(missing).fill(0), ...after];
  return groups.flatMap((group) => [group >> 8, group & 255]);
}

/** `::ffff:1.2.3.4` is how a dual-stack socket writes an IPv4 peer. */
function unwrap(bytes: IpBytes): IpBytes {
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  return isMapped ? bytes.slice(12) : bytes;
}

/** Reads an address, without brackets, port or zone; undefined when it is none. */
export function parseIp(text: string): IpBytes | undefined {
  if (text.length > 45) return undefined;
  const bytes = text.includes(":") ? readV6(text) : readV4(text);
  return bytes && (bytes.length === 16 ? unwrap(bytes) : bytes);
}

/** An address range: `10.0.0.0/8`, `fd00::/8`, or a single address. */
export interface IpRange {
  readonly bytes: IpBytes;
  readonly prefixBits: number;
}

/** Reads a range; undefined when it is none. */
export function parseRange(text: string): IpRange | undefined {
  const [address, prefix, ...more] = text.split("/");
  const bytes = parseIp(address ?? "");
  if (bytes === undefined || more.length > 0) return undefined;
  const whole = bytes.length * 8;
  if (prefix === undefined) return { bytes, prefixBits: whole };
  const bits = DECIMAL_BYTE.test(prefix) ? Number(prefix) : NaN;
  return bits <= whole ? { bytes, prefixBits: bits } : undefined;
}

/** Whether an address is in a range of its own kind. */
export function isInRange(address: IpBytes, { bytes, prefixBits }: IpRange): boolean {
  if (address.length !== bytes.length) return false;
  for (let bit = 0; bit < prefixBits; bit += 8) {
    const mask = (0xff << Math.max(0, 8 - (prefixBits - bit))) & 0xff;
    if (((address[bit >> 3] ?? 0) & mask) !== ((bytes[bit >> 3] ?? 0) & mask)) return false;
  }
  return true;
}
