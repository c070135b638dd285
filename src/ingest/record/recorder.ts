/**
 * Writes what the upstream sent, so that any live hour can be replayed (`RECORD_DIR`). Behind the data path and never in
 * its way: frames wait in a bounded queue, are written in batches, and whatever goes wrong (a full disk) costs the recording
 * only, counted and logged.
 */
import type { Clock } from "../../feed/clock.ts";
import { describeError } from "../../feed/error.ts";
import type { Log } from "../../feed/log.ts";
import type { UpstreamFrame } from "../wire/frame.ts";
import { type OpenRecordFile, openRecordFile, type RecordFile } from "./record_file.ts";
import { recordLine } from "./record_line.ts";

/** Text waiting to be written, in characters; frames beyond it are left out. */
export const RECORD_QUEUE_MAX_CHARS = 16_000_000;
/** Frames are written so long after the first of a batch. */
export const RECORD_BATCH_MS = 1_000;
/** Text packed in one go, in characters: between two of them others get their turn. */
const RECORD_CHUNK_CHARS = 131_072;
/** Nothing is tried for so long after a failure. */
export const RECORD_REST_MS = 60_000;

/** What a recorder needs. */
export interface RecorderOptions {
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly open?: OpenRecordFile;
}

/** What became of the frames so far. */
export interface RecorderCounts {
  readonly recorded: number;
  readonly leftOut: number;
  readonly failures: number;
}

/** See the file's own description. Disposing writes what waits and ends the file. */
export class Recorder implements AsyncDisposable {
  readonly #options: RecorderOptions;
  readonly #open: OpenRecordFile;
  #frames: UpstreamFrame[] = [];
  #chars = 0;
  #timer: Disposable | undefined;
  #writing: Promise<void> = Promise.resolve();
  #file: { readonly stem: string; readonly file: RecordFile } | undefined;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #counts = { recorded: 0, leftOut: 0, failures: 0 };

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#open = options.open ?? openRecordFile;
  }

  get counts(): RecorderCounts {
    return { ...this.#counts };
  }

  /** Takes a frame. Never throws, never waits. */
  record(frame: UpstreamFrame): void {
    const resting = this.#options.clock.monotonic() < this.#restUntilMs;
    if (resting || this.#chars + frame.text.length > RECORD_QUEUE_MAX_CHARS) {
      this.#counts.leftOut++;
      return;
    }
    this.#frames.push(frame);
    this.#chars += frame.text.length;
    this.#timer ??= this.#options.clock.timer(RECORD_BATCH_MS, () => this.#handOver());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#handOver();
    await this.#writing;
    await this.#end();
  }

  #handOver(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    const frames = this.#frames;
    this.#frames = [];
    // One batch after the other; characters are given back as they are written.
    this.#writing = this.#writing.then(() => this.#writeBatch(frames)).catch((error) => this.#fail(error));
  }

  async #writeBatch(frames: readonly UpstreamFrame[]): Promise<void> {
    let lines = "";
    let count = 0;
    for (const [n, frame] of frames.entries()) {
      this.#chars -= frame.text.length;
      const line = recordLine(frame);
      if (line !== undefined) {
        lines += `${line}\n`;
        count++;
      }
      const next = frames[n + 1];
      const full = lines.length >= RECORD_CHUNK_CHARS || !next || stemOf(next) !== stemOf(frame);
      if (!full || count === 0) continue;
      await this.#write(stemOf(frame), lines, count);
      lines = "";
      count = 0;
    }
  }

  async #write(stem: string, lines: string, frames: number): Promise<void> {
    if (this.#options.clock.monotonic() < this.#restUntilMs) {
      this.#counts.leftOut += frames;
      return;
    }
    try {
      if (this.#file?.stem !== stem) {
        await this.#end();
        this.#file = { stem, file: await this.#open(this.#options.dir, stem) };
        this.#options.log.info("recording_file", { dir: this.#options.dir, hour: stem });
      }
      await this.#file.file.write(lines);
      this.#counts.recorded += frames;
    } catch (error) {
      this.#counts.leftOut += frames;
      await this.#fail(error);
    }
  }

  async #fail(error: unknown): Promise<void> {
    this.#counts.failures++;
    this.#restUntilMs = this.#options.clock.monotonic() + RECORD_REST_MS;
    this.#options.log.error("recording_failed", { dir: this.#options.dir, error: describeError(error) });
    const failed = this.#file;
    this.#file = undefined;
    // A disk that takes no line takes no end either: that is the same failure.
    await failed?.file.close().catch(() => {});
  }

  async #end(): Promise<void> {
    const ended = this.#file;
    this.#file = undefined;
    try {
      await ended?.file.close();
    } catch (error) {
      await this.#fail(error);
    }
  }
}

/** The hour a frame came in, UTC. */
const stemOf = (frame: UpstreamFrame): string => new Date(frame.rx).toISOString().slice(0, 13);
