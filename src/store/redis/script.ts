/**
 * A Lua script and its hash. The text a server gets differs by transport: Upstash locks the whole database unless the
 * first line names flags, and plain Redis refuses the flags it doesn't know; so the hash is taken per header.
 */

/** What is sent: the whole text, and the SHA-1 EVALSHA names it by. */
interface ScriptText {
  readonly text: string;
  readonly sha1: string;
}

/** See the file comment. */
export class Script {
  readonly #byHeader = new Map<string, Promise<ScriptText>>();

  constructor(readonly lua: string) {}

  /** The script as servers that want `header` get it. */
  on(header: string): Promise<ScriptText> {
    const known = this.#byHeader.get(header);
    if (known !== undefined) return known;
    const made = hashed(header + this.lua);
    this.#byHeader.set(header, made);
    return made;
  }
}

async function hashed(text: string): Promise<ScriptText> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return { text, sha1: hex(new Uint8Array(digest)) };
}

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
