/**
 * Unpacks a recording as far as it goes. A process that was killed leaves a gzip without its end, and a machine that went down
 * one that ends in the middle of a block: what stands before that is good, and is given. Several members pass for one, so
 * recordings may be joined with `cat`.
 */
import { Buffer } from "node:buffer";
import { createGunzip } from "node:zlib";

/**
 * The unpacked bytes of `packed`; `onCut` is called after the last of them when the end is missing.
 * @throws {Error} of zlib when it is no gzip, or when a block is spoiled.
 */
export async function* unpacked(
  packed: AsyncIterable<Uint8Array>,
  onCut: () => void,
): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  let ready: Uint8Array[] = [];
  let failure: Error | undefined;
  const over = Promise.withResolvers<void>();
  gunzip.on("data", (bytes: Buffer) => ready.push(new Uint8Array(bytes)));
  gunzip.on("end", () => over.resolve());
  gunzip.on("error", (error: Error) => {
    failure = error;
    over.resolve();
  });
  const take = () => {
    const taken = ready;
    ready = [];
    return taken;
  };
  try {
    for await (const bytes of packed) {
      // After an error the callback of a write may never come.
      await Promise.race([
        new Promise<void>((resolve) => gunzip.write(bytes, () => resolve())),
        over.promise,
      ]);
      yield* take();
      if (failure !== undefined) throw failure;
    }
    gunzip.end();
    await over.promise;
    yield* take();
    if (failure === undefined) return;
    if (!isCut(failure)) throw failure;
    onCut();
  } finally {
    gunzip.destroy();
  }
}

/** Zlib's word for input that ends too soon. */
const isCut = (error: Error): boolean => "code" in error && error.code === "Z_BUF_ERROR";
