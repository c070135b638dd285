/** Notes, control, tickets and universes on Redis. */
import type { ControlStore, NoteStore, ShelfStore } from "../../feed/store.ts";
import { COMMANDS_WAITING_MAX, commandsWaiting } from "../control_limit.ts";
import type { KeyNames } from "../key_names.ts";
import type { RedisCaller } from "./redis_caller.ts";
import { arrayOf, textOf, textsOf } from "./reply_shape.ts";
import { SEND_COMMAND } from "./shelf_scripts.ts";

/** Keys one SCAN call looks at, and calls one search makes at most: the rest of a larger database is not searched. */
const SCAN_KEYS = 1000;
const SCAN_CALLS_MAX = 500;

/** Notes under `names`. Billed on Upstash: 1 each; finding by prefix 1 for every thousand keys of the database, plus 1. */
export const redisNotes = (redis: RedisCaller, names: KeyNames): NoteStore => ({
  async writeNote(name, text, ttlMs, signal) {
    await set(redis, names.note(name), text, ttlMs, signal);
  },
  async readNote(name, signal) {
    return textOf(await redis.command(["GET", names.note(name)], signal));
  },
  async readNotes(prefix, limit, signal) {
    const found = await scan(redis, names.note(prefix), signal);
    const keys = found.toSorted().slice(0, limit);
    if (keys.length === 0) return new Map();
    const values = arrayOf(await redis.command(["MGET", ...keys], signal)).map(textOf);
    const notes = new Map<string, string>();
    for (const [n, key] of keys.entries()) {
      const [name, text] = [names.noteOfKey(key), values[n]];
      if (name !== undefined && text !== undefined) notes.set(name, text);
    }
    return notes;
  },
  async deleteNote(name, signal) {
    await redis.command(["DEL", names.note(name)], signal);
  },
});

/** Commands and answers under `names`. Billed on Upstash: sending 3, else 1. */
export const redisControl = (redis: RedisCaller, names: KeyNames): ControlStore => ({
  async sendCommand(text, signal) {
    const args = [text, String(COMMANDS_WAITING_MAX)];
    const [, sent] = await redis.script(SEND_COMMAND, [names.control], args, signal);
    if (sent !== 1) throw commandsWaiting();
  },
  async takeCommands(limit, signal) {
    const reply = await redis.command(["LPOP", names.control, String(limit)], signal);
    return reply === null ? [] : textsOf(reply);
  },
  async writeAnswer(id, text, ttlMs, signal) {
    await set(redis, names.answer(id), text, ttlMs, signal);
  },
  async readAnswer(id, signal) {
    return textOf(await redis.command(["GET", names.answer(id)], signal));
  },
});

/** Tickets and universes under `names`. Billed on Upstash: 1 each. */
export const redisShelf = (redis: RedisCaller, names: KeyNames): ShelfStore => ({
  async putTicket(id, text, ttlMs, signal) {
    await set(redis, names.ticket(id), text, ttlMs, signal);
  },
  async takeTicket(id, signal) {
    return textOf(await redis.command(["GETDEL", names.ticket(id)], signal));
  },
  async readUniverse(key, signal) {
    return textsOf(await redis.command(["SMEMBERS", names.universe(key)], signal)).toSorted();
  },
});

async function set(
  redis: RedisCaller,
  key: string,
  text: string,
  ttlMs: number | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const ttl = ttlMs === undefined ? [] : ["PX", String(Math.max(1, Math.ceil(ttlMs)))];
  await redis.command(["SET", key, text, ...ttl], signal);
}

/** Keys that begin with `prefix`, each once. */
async function scan(redis: RedisCaller, prefix: string, signal: AbortSignal | undefined): Promise<string[]> {
  const pattern = `${prefix.replaceAll(/[\\*?[\]]/g, "\\$&")}*`;
  const keys = new Set<string>();
  let cursor = "0";
  for (let call = 0; call < SCAN_CALLS_MAX; call++) {
    const command = ["SCAN", cursor, "MATCH", pattern, "COUNT", String(SCAN_KEYS)] as const;
    const [next, page] = arrayOf(await redis.command(command, signal));
    for (const key of textsOf(page)) keys.add(key);
    cursor = String(next);
    if (cursor === "0") break;
  }
  return [...keys];
}
