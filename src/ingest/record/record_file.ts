/**
 * One file of a recording: gzip, one member (readers in the browser's API know no second one), flushed with every batch, so that
 * a killed process costs the newest second and the trailer.
 */
import { Buffer } from "node:buffer";
import { constants, createGzip, type Gzip } from "node:zlib";

/** Where recordings go; tests have a disk that is full. */
export interface RecordFile {
  /** Appends text; rejects when the disk refuses. */
  write(text: string): Promise<void>;
  /** Ends the file. */
  close(): Promise<void>;
}

/** Opens a new file in `dir` for the hour `stem` (`2026-11-21T08`); further ones of the same hour get a number. */
export type OpenRecordFile = (dir: string, stem: string) => Promise<RecordFile>;

/** Files of one hour, by restarts. */
const FILES_PER_HOUR_MAX = 1000;

/** See {@link OpenRecordFile}. */
export const openRecordFile: OpenRecordFile = async (dir, stem) => {
  await Deno.mkdir(dir, { recursive: true });
  for (let number = 1; number <= FILES_PER_HOUR_MAX; number++) {
    const name = `${dir}/${stem}${number === 1 ? "" : `-${number}`}.ndjson.gz`;
    try {
      return new GzipFile(await Deno.open(name, { write: true, createNew: true }));
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
  throw new RangeError(`Cannot record as ${dir} has ${FILES_PER_HOUR_MAX} files of ${stem} already`);
};

class GzipFile implements RecordFile {
  readonly #file: Deno.FsFile;
  /** Fast rather than small: this runs on the thread that ingests. */
  readonly #gzip: Gzip = createGzip({ level: constants.Z_BEST_SPEED });
  #packed: Uint8Array[] = [];

  constructor(file: Deno.FsFile) {
    this.#file = file;
    this.#gzip.on("data", (bytes: Buffer) => this.#packed.push(new Uint8Array(bytes)));
  }

  async write(text: string): Promise<void> {
    this.#gzip.write(Buffer.from(text));
    await new Promise<void>((resolve) => this.#gzip.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    await this.#writePacked();
  }

  async close(): Promise<void> {
    try {
      const ended = new Promise<void>((resolve) => this.#gzip.on("end", () => resolve()));
      this.#gzip.end();
      await ended;
      await this.#writePacked();
    } finally {
      this.#file.close();
    }
  }

  async #writePacked(): Promise<void> {
    const packed = this.#packed;
    this.#packed = [];
    for (const bytes of packed) {
      for (let done = 0; done < bytes.length;) done += await this.#file.write(bytes.subarray(done));
    }
  }
}
