/** What a setting is: one line each in the section files beside this one; `docs/settings.md` is made of the same lines. */
import { CONNECTION_TABLE } from "./connection_table.ts";
import { EDGE_TABLE } from "./edge_table.ts";
import { PROCESS_TABLE } from "./process_table.ts";
import { SIMULATOR_TABLE } from "./simulator_table.ts";
import { UPSTREAM_TABLE } from "./upstream_table.ts";
import type { SettingSpec, SettingValues } from "./setting_spec.ts";

/** Every setting but `SIGNAL_*`, whose names are the detectors' own. */
export const SETTING_TABLE = {
  ...PROCESS_TABLE,
  ...UPSTREAM_TABLE,
  ...CONNECTION_TABLE,
  ...EDGE_TABLE,
  ...SIMULATOR_TABLE,
};

/** Sections in the order they are documented. */
export const SETTING_SECTIONS:
  readonly (readonly [title: string, table: Readonly<Record<string, SettingSpec<unknown>>>])[] = [
    ["Process and store", PROCESS_TABLE],
    ["Upstream", UPSTREAM_TABLE],
    ["Several connections", CONNECTION_TABLE],
    ["Clients", EDGE_TABLE],
    ["Simulator (role all without a key)", SIMULATOR_TABLE],
  ];

/** Values by name, typed by the table. */
export type SettingTableValues = SettingValues<typeof SETTING_TABLE>;
