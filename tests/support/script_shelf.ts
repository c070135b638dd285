/**
 * Scripts as Upstash takes them, turned into what plain Redis takes: the flags line goes, so the hash differs, so the
 * front remembers which of its hashes is which of Redis's.
 */
import { RespError } from "./resp_connection.ts";

/** See the file comment. */
export class ScriptShelf {
  readonly #hashes = new Map<string, string>();

  /** The command for plain Redis, or the error Upstash would answer. */
  async strip(command: readonly string[]): Promise<readonly string[] | RespError> {
    const [name = "", script = "", ...rest] = command;
    switch (name.toUpperCase()) {
      case "EVAL":
      case "EVAL_RO": {
        const stripped = script.replace(/^#![^\n]*\n/, "");
        this.#hashes.set(await sha1(script), await sha1(stripped));
        return [name, stripped, ...rest];
      }
      case "EVALSHA":
      case "EVALSHA_RO": {
        const known = this.#hashes.get(script);
        return known === undefined
          ? new RespError("NOSCRIPT No matching script. Please use EVAL.")
          : [name, known, ...rest];
      }
      case "SUBSCRIBE":
      case "BLPOP":
      case "MONITOR":
        return new RespError(`ERR Command is not available: '${name}'`);
      default:
        return command;
    }
  }
}

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
