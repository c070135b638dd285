/**
 * Names of every key and channel in Redis, in one place (`docs/redis.md`). All under one prefix (`KEY_PREFIX`), so that
 * several installations share a database.
 */

/** Keys and channels of one installation. */
export interface KeyNames {
  /** List of a stream, newest right. */
  list(list: string): string;
  /** Hash `{epoch, seq, batch, pull_ms}` of a list. */
  head(list: string): string;
  /** Hash `type:sym` → latest event of a list. */
  last(list: string): string;
  /** Channel of every list's hints. */
  readonly hint: string;
  /** Hash `{owner, fence, until}`. */
  readonly lease: string;
  /** Hash symbol → state of a stream's fold. */
  fold(stream: string): string;
  /** A small document: `plan`, `health:ingest`, `health:edge:<id>`. */
  note(name: string): string;
  /** The name within {@link note} of a key found by scanning; undefined for another installation's. */
  noteOfKey(key: string): string | undefined;
  /** List of commands for ingest, oldest left. */
  readonly control: string;
  /** The answer to one command. */
  answer(id: string): string;
  ticket(id: string): string;
  /** Set of symbols. */
  universe(key: string): string;
}

/** The names under `prefix`, e.g. `tickcast`. */
export function keyNames(prefix: string): KeyNames {
  const start = `${prefix}:`;
  return {
    list: (list) => start + list,
    head: (list) => `${start}${list}:head`,
    last: (list) => `${start}${list}:last`,
    hint: `${start}hint`,
    lease: `${start}lease`,
    fold: (stream) => `${start}fold:${stream}`,
    note: (name) => start + name,
    noteOfKey: (key) => key.startsWith(start) ? key.slice(start.length) : undefined,
    control: `${start}control`,
    answer: (id) => `${start}control:${id}`,
    ticket: (id) => `${start}ticket:${id}`,
    universe: (key) => `${start}universe:${key}`,
  };
}
