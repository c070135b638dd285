/** One setting as the tables say it. */
import type { SettingKind } from "./setting_kind.ts";

/** A setting of the environment. */
export interface SettingSpec<T> {
  readonly kind: SettingKind<T>;
  /** As it would be written; undefined: none, the setting is absent. */
  readonly fallback: string | undefined;
  /** One sentence: what it does. */
  readonly help: string;
  /** Never shown. */
  readonly secret: boolean;
}

/** With a default, so always there. */
export interface SettledSpec<T> extends SettingSpec<T> {
  readonly fallback: string;
}

/** A setting with a default. */
export const setting = <T>(kind: SettingKind<T>, fallback: string, help: string): SettledSpec<T> => ({
  kind,
  fallback,
  help,
  secret: false,
});

/** A setting that may be absent. */
export const optional = <T>(kind: SettingKind<T>, help: string): SettingSpec<T> => ({
  kind,
  fallback: undefined,
  help,
  secret: false,
});

/** A setting that may be absent and is never shown. */
export const secret = <T>(kind: SettingKind<T>, help: string): SettingSpec<T> => ({
  kind,
  fallback: undefined,
  help,
  secret: true,
});

/** The values of a table: with a default never undefined. */
export type SettingValues<Table extends Readonly<Record<string, SettingSpec<unknown>>>> = {
  readonly [Name in keyof Table]: Table[Name] extends SettledSpec<infer T> ? T
    : Table[Name] extends SettingSpec<infer T> ? T | undefined
    : never;
};
