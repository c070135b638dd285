/**
 * The HTTP half of the Upstash client, ours: `@upstash/redis` builds commands and reads replies, this sends them. Its own
 * requester repeats requests on network errors, an append too; has no time limit; turns an aborted call into a result; and
 * quotes whole payloads in its errors (`docs/redis.md`, REST).
 *
 * Source of the protocol: Upstash's REST documentation. `{"result"}` or `{"error"}`, an array of those for a transaction;
 * 200, 400 (the command failed), 401, 405; anything else, and anything that isn't JSON, is somebody in between.
 */
import type { Requester, UpstashRequest, UpstashResponse } from "@upstash/redis";
import { readLines } from "../redis/event_lines.ts";
import { HttpAnswerError, RedisReplyError } from "../store_failure.ts";
import type { UsageMeter } from "../usage_meter.ts";

/** Largest answer taken, in bytes. Upstash's own limit for a request is 10 MB. */
const ANSWER_MAX_BYTES = 64 * 1024 * 1024;

/** Where to send, and what counts it. */
export interface RestAddress {
  /** `UPSTASH_REDIS_REST_URL`. */
  readonly url: string;
  /** `UPSTASH_REDIS_REST_TOKEN`; only ever in the Authorization header. */
  readonly token: string;
  readonly usage: UsageMeter;
}

const encoder = new TextEncoder();

/** One request, sent once. Made for each call, for the client has no way to pass a call's signal on. */
export class RestRequester implements Requester {
  readonly readYourWrites = false;

  constructor(readonly address: RestAddress, readonly signal: AbortSignal) {}

  /**
   * @throws {RedisReplyError} Redis answered with an error; {@link HttpAnswerError} something else answered; the signal's
   * reason; or whatever fetch throws.
   */
  async request<T>(request: UpstashRequest): Promise<UpstashResponse<T>> {
    const { onMessage } = request;
    if (request.isStreaming && onMessage !== undefined) return await this.#stream(request, onMessage);
    const response = await this.#send(request, "application/json");
    const answer: unknown = parse(response, await readText(response, this.address.usage));
    checkReply(response, answer);
    return answer as UpstashResponse<T>;
  }

  async #send(request: UpstashRequest, accept: string): Promise<Response> {
    const { url, token, usage } = this.address;
    const body = encoder.encode(JSON.stringify(request.body));
    usage.add({ bytesOut: body.byteLength });
    const path = (request.path ?? []).map(encodeURIComponent);
    return await fetch([url.replace(/\/+$/, ""), ...path].join("/"), {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", accept },
      body,
      redirect: "manual",
      signal: request.signal === undefined ? this.signal : AbortSignal.any([this.signal, request.signal]),
    });
  }

  /** Server-sent events until they end, which is an error: a subscription has no end of its own. */
  async #stream(request: UpstashRequest, onMessage: (data: string) => void): Promise<never> {
    const response = await this.#send(request, "text/event-stream");
    const type = response.headers.get("content-type") ?? "";
    if (!response.ok || !type.startsWith("text/event-stream") || response.body === null) {
      const answer = parse(response, await readText(response, this.address.usage));
      checkReply(response, answer);
      throw new HttpAnswerError(response.status, true);
    }
    for await (const line of readLines(response.body, this.address.usage)) {
      if (line.startsWith("data:")) onMessage(line.slice("data:".length).trimStart());
    }
    throw new Error("the subscription ended");
  }
}

async function readText(response: Response, usage: UsageMeter): Promise<string> {
  const decoder = new TextDecoder();
  let [text, bytes] = ["", 0];
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_MAX_BYTES) throw new HttpAnswerError(response.status, false);
    text += decoder.decode(chunk, { stream: true });
  }
  usage.add({ bytesIn: bytes });
  return text + decoder.decode();
}

function parse(response: Response, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpAnswerError(response.status, false);
  }
}

/** Lets only replies of Redis that are no errors through. */
function checkReply({ status }: Response, answer: unknown): void {
  const slots: readonly unknown[] = Array.isArray(answer) ? answer : [answer];
  for (const slot of slots) {
    const isReply = typeof slot === "object" && slot !== null;
    const error = isReply && "error" in slot ? slot.error : undefined;
    if (typeof error === "string" && (status === 200 || status === 400)) throw new RedisReplyError(error);
    if (status !== 200) throw new HttpAnswerError(status, true);
    if (!isReply || !("result" in slot)) throw new HttpAnswerError(status, false);
  }
}
