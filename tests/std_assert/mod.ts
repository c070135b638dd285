/**
 * A stand-in for `jsr:@std/assert` where JSR can't be reached: the functions the tests use, over `node:assert/strict`.
 * Delete `"links"` in deno.json and the same imports get the real package.
 */
import nodeAssert from "node:assert/strict";

/** What is used of it: its own types differ with the `@types/node` other packages bring. */
const assertStrict: {
  readonly AssertionError: typeof nodeAssert.AssertionError;
  equal(actual: unknown, expected: unknown, message?: string): void;
  deepStrictEqual(actual: unknown, expected: unknown, message?: string): void;
  notDeepStrictEqual(
    actual: unknown,
    expected: unknown,
    message?: string,
  ): void;
  strictEqual(actual: unknown, expected: unknown, message?: string): void;
  match(actual: string, expected: RegExp, message?: string): void;
  doesNotMatch(actual: string, expected: RegExp, message?: string): void;
} = nodeAssert;

export class AssertionError extends assertStrict.AssertionError {
  constructor(message: string) {
    super({ message });
  }
}

type Constructor<T> = abstract new (...args: never[]) => T;

const fail_ = (message: string): never => {
  throw new AssertionError(message);
};

export function assert(
  condition: unknown,
  message = "Expected a truthy value",
): asserts condition {
  if (!condition) fail_(message);
}

export function assertFalse(
  condition: unknown,
  message?: string,
): asserts condition is false {
  assertStrict.equal(Boolean(condition), false, message);
}

export function assertEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  assertStrict.deepStrictEqual(actual, expected, message);
}

export function assertNotEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  assertStrict.notDeepStrictEqual(actual, expected, message);
}

export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is T {
  assertStrict.strictEqual(actual, expected, message);
}

export function assertExists<T>(
  actual: T,
  message = "Expected a value",
): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) fail_(message);
}

export function assertMatch(
  actual: string,
  expected: RegExp,
  message?: string,
): void {
  assertStrict.match(actual, expected, message);
}

export function assertNotMatch(
  actual: string,
  expected: RegExp,
  message?: string,
): void {
  assertStrict.doesNotMatch(actual, expected, message);
}

export function assertStringIncludes(
  actual: string,
  expected: string,
  message?: string,
): void {
  if (!actual.includes(expected)) {
    fail_(
      message ??
        `Expected ${JSON.stringify(actual)} to include ${JSON.stringify(expected)}`,
    );
  }
}

export function assertArrayIncludes<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  message?: string,
): void {
  for (const wanted of Array.from(expected)) {
    if (!Array.from(actual).includes(wanted)) {
      fail_(message ?? `Expected the array to include ${String(wanted)}`);
    }
  }
}

export function assertGreater<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  if (!(actual > expected)) {
    fail_(message ?? `Expected ${actual} > ${expected}`);
  }
}

export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  if (!(actual >= expected)) {
    fail_(message ?? `Expected ${actual} >= ${expected}`);
  }
}

export function assertLess<T>(actual: T, expected: T, message?: string): void {
  if (!(actual < expected)) {
    fail_(message ?? `Expected ${actual} < ${expected}`);
  }
}

export function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  if (!(actual <= expected)) {
    fail_(message ?? `Expected ${actual} <= ${expected}`);
  }
}

export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance = 1e-7,
  message?: string,
): void {
  if (!(Math.abs(actual - expected) <= tolerance)) {
    fail_(message ?? `Expected ${actual} ≈ ${expected} ± ${tolerance}`);
  }
}

export function assertInstanceOf<T>(
  actual: unknown,
  type: Constructor<T>,
  message?: string,
): asserts actual is T {
  if (!(actual instanceof type)) {
    fail_(message ?? `Expected an instance of ${type.name}`);
  }
}

export function assertIsError<E extends Error>(
  error: unknown,
  type?: Constructor<E>,
  includes?: string,
): asserts error is E {
  if (!(error instanceof Error)) fail_("Expected an Error");
  else {
    if (type && !(error instanceof type)) {
      fail_(`Expected a ${type.name}, got ${error.name}: ${error.message}`);
    }
    if (includes && !error.message.includes(includes)) {
      fail_(`Expected "${error.message}" to include "${includes}"`);
    }
  }
}

export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  type?: Constructor<E>,
  includes?: string,
): E {
  try {
    fn();
  } catch (error) {
    assertIsError<E>(error, type, includes);
    return error;
  }
  return fail_("Expected the function to throw");
}

export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  type?: Constructor<E>,
  includes?: string,
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    assertIsError<E>(error, type, includes);
    return error;
  }
  return fail_("Expected the promise to reject");
}

export function fail(message?: string): never {
  return fail_(message ?? "Failed");
}

export function unreachable(reason?: string): never {
  return fail_(reason ?? "Unreachable");
}
