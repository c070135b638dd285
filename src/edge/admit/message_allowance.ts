/** What one socket may send: so many messages and so many bytes a second, four times as many at once. */
import { TokenBucket } from "./token_bucket.ts";

/** At once a socket may send what is allowed in so many seconds. */
const BURST_SECONDS = 4;

/** The part of the settings this is about. */
export interface AllowanceSettings {
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
}

/** See the file's head. */
export class MessageAllowance {
  readonly #messages: TokenBucket;
  readonly #bytes: TokenBucket;

  /** @param nowMs a clock that never goes back; the same one for every call */
  constructor({ messagesPerSecond, bytesPerSecond }: AllowanceSettings, nowMs: number) {
    this.#messages = new TokenBucket(messagesPerSecond * BURST_SECONDS, messagesPerSecond, nowMs);
    this.#bytes = new TokenBucket(bytesPerSecond * BURST_SECONDS, bytesPerSecond, nowMs);
  }

  /** Takes one message of so many bytes; what it is over, or undefined: within bounds. One over the burst empties it. */
  take(bytes: number, nowMs: number): "messages" | "bytes" | undefined {
    if (!this.#messages.take(nowMs)) return "messages";
    return this.#bytes.take(nowMs, Math.min(bytes, this.#bytes.burst)) ? undefined : "bytes";
  }
}

const ONE_BYTE_MAX = 0x7f;
const TWO_BYTES_MAX = 0x7ff;
const SURROGATES_FROM = 0xd800;
const SURROGATES_TO = 0xdfff;

/** Bytes of a text as UTF-8; of one with more characters than `countedMax` only its characters, which is over it too. */
export function textBytes(text: string, countedMax: number): number {
  let bytes = text.length;
  if (bytes > countedMax) return bytes;
  for (let n = 0; n < text.length; n++) {
    const code = text.charCodeAt(n);
    if (code <= ONE_BYTE_MAX) continue;
    // Half of a pair is half of four bytes.
    bytes += code <= TWO_BYTES_MAX || (code >= SURROGATES_FROM && code <= SURROGATES_TO) ? 1 : 2;
  }
  return bytes;
}
