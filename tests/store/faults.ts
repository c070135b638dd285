/** What the tests of faults share: a store of their own, a log that can be read, and what a refusal must look like. */
import { assert, assertEquals } from "@std/assert";
import { type Clock, systemClock } from "../../src/feed/clock.ts";
import { type ErrorCode, TickcastError } from "../../src/feed/error.ts";
import { createLog, type Log } from "../../src/feed/log.ts";
import type { StoreSettings } from "../../src/feed/settings/settings.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { openStore } from "../../src/store/open_store.ts";

/** A log kept in memory. */
export function readableLog(): { readonly log: Log; readonly lines: readonly string[] } {
  const lines: string[] = [];
  const log = createLog({ level: "debug", write: (line) => void lines.push(line), clock: systemClock });
  return { log, lines };
}

/** Opens a store under prefix `tickcast`, with the machine's clock unless told. */
export const openFor = (
  settings: StoreSettings,
  { clock = systemClock, log = readableLog().log }: { readonly clock?: Clock; readonly log?: Log } = {},
): Promise<FeedStore> => openStore(settings, { clock, random: () => 0.01, log, keyPrefix: "tickcast" });

/** Asserts that a call failed as the port says, in words that hold none of `secrets`. */
export async function assertFails(
  call: () => Promise<unknown>,
  code: ErrorCode,
  words: string,
  secrets: readonly string[] = [],
): Promise<void> {
  const outcome = await call().then((value) => ({ value }), (error: unknown) => ({ error }));
  assert("error" in outcome, `resolved with ${JSON.stringify(outcome)}`);
  const { error } = outcome;
  assert(error instanceof TickcastError, String(error));
  assertEquals(error.code, code, error.message);
  assert(error.message.includes(words), error.message);
  const shown = `${error.message} ${error.stack} ${Deno.inspect(error.cause)}`;
  for (const secret of ["SECRET", ...secrets]) assert(!shown.includes(secret), shown);
}
