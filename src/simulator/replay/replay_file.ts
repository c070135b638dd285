/** Streams a recording's lines, gzipped (`.gz`) or plain, without ever holding the file. */
import { TickcastError } from "../../feed/error.ts";
import { isRecordedFeed, type RecordedFeed } from "../feed_path.ts";
import { LINE_MAX_CHARS } from "./replay_line.ts";

/** A line with its number, from 1. */
export interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

/**
 * The non-empty lines of a file. A line longer than the longest one allowed comes cut just above that length, which
 * makes it a bad line rather than a full memory.
 * @throws {TickcastError} SETTINGS when the file can't be opened or is no gzip although its name says so.
 */
export async function* replayLines(path: string): AsyncGenerator<NumberedLine> {
  const file = await openFile(path);
  const bytes = path.endsWith(".gz")
    ? file.readable.pipeThrough(new DecompressionStream("gzip"))
    : file.readable;
  try {
    let number = 0;
    for await (const text of splitLines(bytes.pipeThrough(new TextDecoderStream()))) {
      number++;
      if (text.trim() !== "") yield { number, text };
    }
  } catch (error) {
    if (error instanceof TickcastError) throw error;
    throw new TickcastError(
      "SETTINGS",
      `Cannot replay a file as it can't be unpacked: current value is ${path}`,
      {
        cause: error,
      },
    );
  }
}

async function openFile(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { read: true });
  } catch (error) {
    throw new TickcastError(
      "SETTINGS",
      `Cannot replay a file as it can't be opened: current value is ${path}`,
      {
        cause: error,
      },
    );
  }
}

/** Lines of a text stream, bounded in length. */
async function* splitLines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let parts: string[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf("\n"); end >= 0; end = chunk.indexOf("\n", from)) {
      parts.push(chunk.slice(from, end));
      yield parts.join("");
      parts = [];
      held = 0;
      from = end + 1;
    }
    if (held <= LINE_MAX_CHARS) {
      parts.push(chunk.slice(from));
      held += chunk.length - from;
    }
  }
  if (held > 0) yield parts.join("");
}

/** Feeds named in the first lines of a recording: those a replay should wait for. */
export async function feedsInRecording(
  path: string,
  linesToRead: number,
): Promise<ReadonlySet<RecordedFeed>> {
  const feeds = new Set<RecordedFeed>();
  let read = 0;
  for await (const { text } of replayLines(path)) {
    const feed = /"feed"\s*:\s*"([a-z/]+)"/.exec(text)?.[1];
    if (isRecordedFeed(feed)) feeds.add(feed);
    if (++read >= linesToRead) break;
  }
  return feeds;
}
