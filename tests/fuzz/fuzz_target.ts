/** What a fuzzer is, and what holds for every input of every one: our own refusals, in words, with a code of the table. */
import { assert, assertInstanceOf } from "@std/assert";
import { ERROR_KINDS, TickcastError } from "../../src/feed/error.ts";

/** One parser that meets outside bytes. */
export interface FuzzTarget {
  readonly name: string;
  /** What it is meant for: inputs are made from these. */
  readonly samples: readonly [string, ...string[]];
  /** Reads one input and holds what came of it to what was promised. Returns; a throw is a finding. */
  readonly hold: (text: string) => void | Promise<void>;
  /** Ends what its inputs have in common. */
  readonly end?: () => Promise<void>;
}

/** Longest message an error may have: input is never quoted whole. */
const MESSAGE_MAX_CHARS = 1_000;

/** Holds an error to being one of ours, short, with a code of the table. */
export function assertOurs(error: unknown): asserts error is TickcastError {
  assertInstanceOf(error, TickcastError);
  assert(error.code in ERROR_KINDS, error.code);
  assert(error.code !== "INTERNAL", "nothing from outside is our own fault");
  assert(error.message.length <= MESSAGE_MAX_CHARS, `a message of ${error.message.length} characters`);
}

/** Runs what may refuse; anything but our own refusal is a finding. */
export function refusing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    assertOurs(error);
    return undefined;
  }
}

/** The same for what takes its time. */
export async function refusingLater<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    assertOurs(error);
    return undefined;
  }
}

/** Parsed JSON, or undefined: where the parser under test is given a value. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
