/**
 * Named lists of tickers: from `UNIVERSES_FILE` (JSON, key → tickers), and those not in it from the store
 * (`tickcast:universe:<key>`). `name:top_20` means the first 20 of `name` where there is no list under the whole key.
 */
import { z } from "zod";
import { TickcastError } from "../../feed/error.ts";
import type { IngestSettings } from "../../feed/settings/settings.ts";
import type { ShelfStore } from "../../feed/store.ts";
import { SYMBOL_MAX_CHARS } from "../../feed/symbol.ts";
import type { Universes } from "./symbol_choice.ts";

/** Tickers of one universe at most. */
export const UNIVERSE_MAX_TICKERS = 20_000;

const UniversesFile = z.record(
  z.string(),
  z.array(z.string().min(1).max(SYMBOL_MAX_CHARS)).max(UNIVERSE_MAX_TICKERS),
);

/** Keys the settings name. */
export function universeKeys(
  settings: Pick<IngestSettings, "universeKey" | "multiConnection" | "connections">,
): readonly string[] {
  const ofConnections = settings.multiConnection ? settings.connections.filter((one) => one.enabled) : [];
  const keys = [settings.universeKey, ...ofConnections.map((one) => one.universeKey)];
  return [...new Set(keys.filter((key) => key !== undefined))];
}

/**
 * Reads a universes file.
 * @throws {TickcastError} SETTINGS when it cannot be read or is not a JSON object of lists of tickers.
 */
export async function readUniversesFile(path: string): Promise<Universes> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw wrongFile(
      path,
      `a file that can be read (${error instanceof Error ? error.name : "unknown"})`,
      error,
    );
  }
  return parseUniverses(text, path);
}

/**
 * Reads the text of one.
 * @throws {TickcastError} SETTINGS as {@link readUniversesFile}.
 */
export function parseUniverses(text: string, path: string): Universes {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw wrongFile(path, "JSON", error);
  }
  const parsed = UniversesFile.safeParse(json);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join(".") ?? "";
    throw wrongFile(
      path,
      `an object of lists of tickers (see ${JSON.stringify(where.slice(0, 80))})`,
      parsed.error,
    );
  }
  return new Map(Object.entries(parsed.data));
}

const wrongFile = (path: string, rule: string, cause: unknown): TickcastError =>
  new TickcastError(
    "SETTINGS",
    `UNIVERSES_FILE=${path} must be ${rule}, e.g. {"tech_leaders:top_20": ["AAPL", "MSFT"]}`,
    { cause },
  );

/** The list under a key, or the first of a longer one. */
export function resolveUniverse(key: string, universes: Universes): readonly string[] {
  const exact = universes.get(key);
  if (exact !== undefined) return exact;
  const top = /^(.+):top_(\d{1,5})$/.exec(key);
  return universes.get(top?.[1] ?? "")?.slice(0, Number(top?.[2])) ?? [];
}

/** What was found, and what is wrong with the file. */
export interface LoadedUniverses {
  readonly universes: Universes;
  readonly trouble: readonly string[];
}

/**
 * Universes for these keys. Those found nowhere are left out; a file that is wrong is `trouble`, and the store is asked instead.
 * @throws {TickcastError} STORE_UNAVAILABLE or STORE_REFUSED when the store is needed and fails.
 */
export async function loadUniverses(
  keys: readonly string[],
  file: string | undefined,
  store: Pick<ShelfStore, "readUniverse">,
  signal: AbortSignal,
): Promise<LoadedUniverses> {
  const { universes: listed, trouble } = file === undefined
    ? { universes: new Map<string, readonly string[]>(), trouble: [] }
    : await readUniversesFile(file).then(
      (universes) => ({ universes, trouble: [] }),
      (error: unknown) => ({
        universes: new Map(),
        trouble: [error instanceof Error ? error.message : String(error)],
      }),
    );
  const found = new Map<string, readonly string[]>();
  for (const key of keys) {
    const inFile = resolveUniverse(key, listed);
    const tickers = inFile.length > 0 ? inFile : await store.readUniverse(key, signal);
    if (tickers.length > 0) found.set(key, tickers.slice(0, UNIVERSE_MAX_TICKERS));
  }
  return { universes: found, trouble };
}
