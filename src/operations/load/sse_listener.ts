/** An event-stream client of `/sse`, read by fetch; a slow one leaves its answer unread for seconds. */
import { parseCursor } from "../../feed/cursor.ts";
import { isAbort } from "../../feed/clock.ts";
import {
  headersOf,
  type Listen,
  type LoadLink,
  SLOW_READS_MS,
  SLOW_STALLS_MS,
  symbolsOf,
} from "./load_link.ts";

/** A block longer than this is not one of ours. */
const BLOCK_MAX_CHARS = 4 * 1024 * 1024;

/** See {@link Listen}. */
export const listenBySse: Listen = async (link, signal) => {
  const query = new URLSearchParams({
    streams: link.streams.join(","),
    symbols: symbolsOf(link).join(","),
    ...link.cursor === "" ? { snapshot: "true" } : { cursor: link.cursor },
  });
  try {
    const response = await fetch(`${link.url}/sse?${query}`, {
      signal,
      headers: { accept: "text/event-stream", ...headersOf(link.token) },
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new Error(`SSE answered ${response.status}`);
    }
    link.opened();
    await readBlocks(response.body, link, signal);
  } catch (error) {
    if (!isAbort(error, signal)) throw error;
  }
};

async function readBlocks(
  body: ReadableStream<Uint8Array>,
  link: LoadLink,
  signal: AbortSignal,
): Promise<void> {
  const decoder = new TextDecoder();
  let buffered = "";
  let stalledAtMs = link.clock.monotonic();
  const reader = body.getReader();
  // Not every fetch ends a body it has handed over when its signal aborts.
  const leave = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", leave, { once: true });
  try {
    for (let part = await reader.read(); !part.done && !signal.aborted; part = await reader.read()) {
      buffered = takeBlocks(buffered + decoder.decode(part.value, { stream: true }), link);
      if (buffered.length > BLOCK_MAX_CHARS) throw new Error("SSE block without an end");
      if (!link.isSlow || link.clock.monotonic() - stalledAtMs < SLOW_READS_MS) continue;
      await link.clock.sleep(SLOW_STALLS_MS, signal);
      stalledAtMs = link.clock.monotonic();
    }
  } finally {
    signal.removeEventListener("abort", leave);
    leave();
  }
}

/** Takes every whole block; gives what is left. */
function takeBlocks(text: string, link: LoadLink): string {
  let from = 0;
  for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n", from)) {
    takeBlock(text.slice(from, end), link);
    from = end + 2;
  }
  return text.slice(from);
}

/** One block: `id:`, `event:` and one line of `data:`, as the protocol has them. */
function takeBlock(block: string, link: LoadLink): void {
  let id = "", event = "", data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("data: ")) data = line.slice(6);
    else if (line.startsWith("event: ")) event = line.slice(7);
    else if (line.startsWith("id: ")) id = line.slice(4);
  }
  const cursor = id === "" ? undefined : readCursor(id);
  if (data !== "") link.take(link.reader.readBlock(event, data), cursor);
  else if (cursor !== undefined) link.take({ kind: "cursor", type: "id", cursor });
}

function readCursor(text: string) {
  try {
    return parseCursor(text);
  } catch {
    return undefined;
  }
}
