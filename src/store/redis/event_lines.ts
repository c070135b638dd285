/** Lines of a text stream, with a bound on what an endless one may hold. */
import type { UsageMeter } from "../usage_meter.ts";

/** Longest line taken, in characters. A hint is under a hundred. */
const LINE_MAX_CHARS = 64 * 1024;

/** Lines without their ends (LF or CRLF). Cancels the stream when left. @throws {RangeError} a line is too long. */
export async function* readLines(
  body: ReadableStream<Uint8Array>,
  usage: UsageMeter,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    usage.add({ bytesIn: chunk.byteLength });
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LINE_MAX_CHARS) {
      throw new RangeError(
        `Cannot read a line as it may have ${LINE_MAX_CHARS} characters: current value is more`,
      );
    }
    for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
  }
}
