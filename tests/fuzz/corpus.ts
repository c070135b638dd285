/** Texts that once broke a fuzzer's target, a file each in `corpus/<target>/`: tried first at every run from then on. */
import type { FuzzTarget } from "./fuzz_target.ts";

const ROOT = new URL("corpus/", import.meta.url);

const folderOf = ({ name }: FuzzTarget) =>
  new URL(`${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_")}/`, ROOT);

/** Those of one target, oldest name first. */
export function keptTexts(target: FuzzTarget): readonly string[] {
  const folder = folderOf(target);
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).toSorted()
      .map((name) => JSON.parse(Deno.readTextFileSync(new URL(name, folder))));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Keeps one, as JSON so that no byte of it is lost to an editor; gives the file's path. */
export async function keepText(target: FuzzTarget, text: string): Promise<string> {
  const folder = folderOf(target);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const file = new URL(`${hash.toHex().slice(0, 12)}.json`, folder);
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(file, `${JSON.stringify(text)}\n`);
  return file.pathname;
}
