/** How the text of an environment variable becomes a value: a parser and the rule it holds, in words. */
import { isSymbol } from "../symbol.ts";

/** A kind of setting. `read` gives undefined for a text that breaks the rule. */
export interface SettingKind<T> {
  /** Completes "must be …". */
  readonly rule: string;
  readonly example: string;
  read(text: string): T | undefined;
}

/** Any text that isn't empty. */
export const words = (rule: string, example: string): SettingKind<string> => ({
  rule,
  example,
  read: (text) => text,
});

/** Text with a given form. */
export const form = (pattern: RegExp, rule: string, example: string): SettingKind<string> => ({
  rule,
  example,
  read: (text) => pattern.test(text) ? text : undefined,
});

/** `true` or `false`. */
export const flag: SettingKind<boolean> = {
  rule: "true or false",
  example: "true",
  read: (text) => text === "true" ? true : text === "false" ? false : undefined,
};

/** A whole number in a range. */
export function integer(min: number, max: number, example: number): SettingKind<number> {
  const read = (text: string) => {
    const value = Number(text);
    return /^-?\d+$/.test(text) && value >= min && value <= max ? value : undefined;
  };
  return { rule: `a whole number from ${min} to ${max}`, example: String(example), read };
}

/** A number in a range, fractions allowed. */
export function decimal(min: number, max: number, example: number): SettingKind<number> {
  const read = (text: string) => {
    const value = Number(text);
    return /^-?\d+(\.\d+)?$/.test(text) && value >= min && value <= max ? value : undefined;
  };
  return { rule: `a number from ${min} to ${max}`, example: String(example), read };
}

/** A time in seconds, read as ms. */
export function seconds(min: number, max: number, example: number): SettingKind<number> {
  const inner = decimal(min, max, example);
  const read = (text: string) => {
    const value = inner.read(text);
    return value === undefined ? undefined : Math.round(value * 1000);
  };
  return { rule: `a number of seconds from ${min} to ${max}`, example: inner.example, read };
}

/** One of some words. */
export const choice = <const T extends string>(...options: readonly T[]): SettingKind<T> => ({
  rule: `one of ${options.join(", ")}`,
  example: options[0] ?? "",
  read: (text) => options.find((option) => option === text),
});

/** Some of some words, separated by commas, each once. */
export function choices<const T extends string>(
  example: string,
  ...options: readonly T[]
): SettingKind<readonly T[]> {
  const one = choice(...options);
  const read = (text: string) => {
    const values = text.split(",").map((part) => one.read(part.trim()));
    const good = values.filter((value) => value !== undefined);
    return good.length === values.length && new Set(good).size === good.length ? good : undefined;
  };
  return { rule: `a comma list, each once, of ${options.join(", ")}`, example, read };
}

/** Symbols separated by commas, or `*` alone. Repeats are folded. */
export const symbols: SettingKind<readonly string[]> = {
  rule: "symbols separated by commas, or * alone",
  example: "AAPL,BRK.B,X:BTC-USD",
  read(text) {
    const parts = [...new Set(text.split(",").map((part) => part.trim()).filter((part) => part !== ""))];
    return parts.length > 0 && (text.trim() === "*" || parts.every(isSymbol)) ? parts : undefined;
  },
};

/** Comma-separated texts with a form. */
export const list = (pattern: RegExp, rule: string, example: string): SettingKind<readonly string[]> => ({
  rule,
  example,
  read(text) {
    const parts = text.split(",").map((part) => part.trim());
    return parts.every((part) => pattern.test(part)) ? [...new Set(parts)] : undefined;
  },
});

/** `NAME:number` pairs separated by commas. */
export const priorities: SettingKind<ReadonlyMap<string, number>> = {
  rule: "SYMBOL:n pairs separated by commas, n from 1 (first) to 9, * for the rest",
  example: "AAPL:1,*:3",
  read(text) {
    const pairs = text.split(",").map((part) => /^(\*|.+):([1-9])$/.exec(part.trim()));
    if (!pairs.every((pair) => pair !== null && (pair[1] === "*" || isSymbol(pair[1] ?? "")))) {
      return undefined;
    }
    return new Map(pairs.map((pair) => [pair?.[1] ?? "*", Number(pair?.[2])]));
  },
};

/** An absolute URL with one of the protocols (`wss:` …). */
export function url(example: string, ...protocols: readonly string[]): SettingKind<string> {
  const read = (text: string) => {
    try {
      return protocols.includes(new URL(text).protocol) ? text.replace(/\/+$/, "") : undefined;
    } catch {
      return undefined;
    }
  };
  return {
    rule: `a URL starting ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`,
    example,
    read,
  };
}
