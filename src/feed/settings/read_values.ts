/** Environment text to values, one setting at a time; every problem is collected, none hides another. */
import type { SettingSpec } from "./setting_spec.ts";
import { SETTING_TABLE, type SettingTableValues } from "./setting_table.ts";

/** The environment as read: names to texts. An empty text counts as absent. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One thing wrong with the settings, said so that the reader can mend it. */
export interface SettingProblem {
  readonly name: string;
  /** As written, or `***` for a secret, or empty when absent. */
  readonly value: string;
  /** Completes "must be …". */
  readonly rule: string;
  readonly example: string;
}

/** A problem as one line: name, value, rule, example. */
export const describeProblem = (problem: SettingProblem): string =>
  `${problem.name}=${problem.value} must be ${problem.rule}${
    problem.example && `, e.g. ${problem.name}=${problem.example}`
  }`;

/** The text of a setting, or its default; undefined when it is absent. */
const textOf = (environment: Environment, name: string, spec: SettingSpec<unknown>): string | undefined =>
  environment[name]?.trim() || spec.fallback;

/** Reads every setting of the table. Names that break their rule have their default's value and a problem. */
export function readValues(
  environment: Environment,
): { values: SettingTableValues; problems: SettingProblem[] } {
  const problems: SettingProblem[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries<SettingSpec<unknown>>(SETTING_TABLE)) {
    const text = textOf(environment, name, spec);
    const value = text === undefined ? undefined : spec.kind.read(text);
    if (text !== undefined && value === undefined) {
      problems.push({
        name,
        value: spec.secret ? "***" : text.slice(0, 80),
        rule: spec.kind.rule,
        example: spec.kind.example,
      });
    }
    values[name] = value ?? (spec.fallback === undefined ? undefined : spec.kind.read(spec.fallback));
  }
  // The loop above gave every name of the table what its kind reads: this is the parse boundary.
  return { values: values as SettingTableValues, problems };
}

/** What the settings are, for the log at start: those that were set, secrets as `***`. */
export function shownSettings(environment: Environment): Readonly<Record<string, string>> {
  const shown: Record<string, string> = {};
  for (const [name, spec] of Object.entries<SettingSpec<unknown>>(SETTING_TABLE)) {
    const text = environment[name]?.trim();
    if (text) shown[name] = spec.secret ? "***" : text;
  }
  for (const [name, text] of Object.entries(environment)) {
    if (name.startsWith("SIGNAL_") && text) shown[name] = text;
  }
  return shown;
}
