/** Server-sent events as text into blocks: the part of the WHATWG grammar that this service uses, bounded. */

/** One dispatched event. */
export interface SseBlock {
  /** `message` unless the block named one. */
  readonly event: string;
  readonly data: string;
  /** Undefined when the block had none. */
  readonly id: string | undefined;
  /** Ms to wait before coming back, when the block said so. */
  readonly retryMs: number | undefined;
}

/**
 * A parser of one stream of text; feed it chunks cut anywhere.
 * @throws {RangeError} When a block grows past `maxChars`: a server that never ends one would fill the memory.
 */
export function sseParser(maxChars: number): (chunk: string) => SseBlock[] {
  let rest = "";
  let block:
    | { event: string; data: string[]; id: string | undefined; retryMs: number | undefined }
    | undefined;
  let chars = 0;

  const line = (text: string): SseBlock | undefined => {
    if (text === "") {
      const done = block;
      block = undefined;
      chars = 0;
      return done && { ...done, data: done.data.join("\n") };
    }
    if (text[0] === ":") return undefined;
    const colon = text.indexOf(":");
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(text[colon + 1] === " " ? colon + 2 : colon + 1);
    block ??= { event: "message", data: [], id: undefined, retryMs: undefined };
    chars += text.length;
    if (field === "data") block.data.push(value);
    else if (field === "event") block.event = value;
    else if (field === "id") block.id = value;
    else if (field === "retry" && /^\d+$/.test(value)) block.retryMs = Number(value);
    return undefined;
  };

  return (chunk) => {
    const blocks: SseBlock[] = [];
    // A CR at the very end may be half of a CRLF: it waits for the next chunk.
    const text = rest + chunk;
    const end = text.endsWith("\r") ? text.length - 1 : text.length;
    const lines = text.slice(0, end).split(/\r\n|\n|\r/);
    rest = (lines.pop() ?? "") + text.slice(end);
    for (const each of lines) {
      const done = line(each);
      if (done) blocks.push(done);
    }
    if (rest.length + chars > maxChars) {
      throw new RangeError("Cannot read a server-sent event as it is too large");
    }
    return blocks;
  };
}
