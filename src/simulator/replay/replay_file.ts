/** Streams a recording's lines, gzipped (`.gz`) or plain, of one file or of recorded hours, without ever holding a file. */
import { TickcastError } from "../../feed/error.ts";
import { isRecordedFeed, type RecordedFeed } from "../feed_path.ts";
import { LINE_MAX_CHARS } from "./replay_line.ts";
import { unpacked } from "./unpack.ts";

/** A line with its file and its number there, from 1. */
export interface NumberedLine {
  readonly file: string;
  readonly number: number;
  readonly text: string;
}

/** Says that a file's end is missing, after its last line. */
export type OnCutFile = (file: string) => void;

/**
 * The non-empty lines of a recording, one file or the hours of a folder. A line longer than the longest one allowed comes
 * cut just above that length, which makes it a bad line rather than a full memory.
 * @throws {TickcastError} SETTINGS when a file can't be opened or is no gzip although its name says so, or a folder has none.
 */
export async function* replayLines(path: string, onCut: OnCutFile = () => {}): AsyncGenerator<NumberedLine> {
  for (const file of await recordingFiles(path)) {
    try {
      let number = 0;
      for await (const text of splitLines(decoded(await bytesOf(file, () => onCut(file))))) {
        number++;
        if (text.trim() !== "") yield { file, number, text };
      }
    } catch (error) {
      if (error instanceof TickcastError) throw error;
      throw cannotReplay("a file as it can't be unpacked", file, error);
    }
  }
}

/** `2026-11-21T08.ndjson.gz`; the second of an hour is `2026-11-21T08-2.ndjson.gz`, written after a restart. */
const HOUR_FILE = /^(\d{4}-\d\d-\d\dT\d\d)(?:-(\d+))?\.ndjson\.gz$/;

/**
 * The files of a recording in the order they were written: the path itself, or the hours in it when it is a folder.
 * @throws {TickcastError} SETTINGS when there is nothing to replay.
 */
async function recordingFiles(path: string): Promise<readonly string[]> {
  const found = await Deno.stat(path).catch((cause) => {
    throw cannotReplay("a file as it can't be opened", path, cause);
  });
  if (!found.isDirectory) return [path];
  const hours: { name: string; hour: string; part: number }[] = [];
  for await (const { name } of Deno.readDir(path)) {
    const match = HOUR_FILE.exec(name);
    if (match !== null) hours.push({ name, hour: match[1] ?? "", part: Number(match[2] ?? 1) });
  }
  if (hours.length === 0) throw cannotReplay("a folder as it holds no recorded hour", path);
  return hours.sort((a, b) => a.hour < b.hour ? -1 : a.hour > b.hour ? 1 : a.part - b.part)
    .map(({ name }) => `${path}/${name}`);
}

/**
 * Looks whether a recording is there and may be read.
 * @throws {TickcastError} SETTINGS when not.
 */
export async function assertReplayable(path: string): Promise<void> {
  for (const file of await recordingFiles(path)) (await openFile(file)).close();
}

const cannotReplay = (what: string, path: string, cause?: unknown): TickcastError =>
  new TickcastError("SETTINGS", `Cannot replay ${what}: current value is ${path}`, { cause });

const openFile = (file: string): Promise<Deno.FsFile> =>
  Deno.open(file, { read: true }).catch((cause) => {
    throw cannotReplay("a file as it can't be opened", file, cause);
  });

async function bytesOf(file: string, onCut: () => void): Promise<AsyncIterable<Uint8Array>> {
  const { readable } = await openFile(file);
  return file.endsWith(".gz") ? unpacked(readable, onCut) : readable;
}

async function* decoded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
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
