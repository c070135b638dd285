/** The settings as people read them: a Markdown page and an example environment, both made from the table. */
import { SETTING_SECTIONS } from "../feed/settings/setting_table.ts";
import type { SettingSpec } from "../feed/settings/setting_spec.ts";

/** One `SIGNAL_*` threshold, as the detectors list them. */
export interface ThresholdReference {
  /** Without `SIGNAL_`, lower case. */
  readonly key: string;
  readonly fallback: number;
  readonly help: string;
}

const variable = (threshold: ThresholdReference) => `SIGNAL_${threshold.key.toUpperCase()}`;

const cell = (text: string) => text.replaceAll("|", "\\|");

function row(name: string, spec: SettingSpec<unknown>): string {
  const fallback = spec.fallback === undefined
    ? (spec.secret ? "none (secret)" : "none")
    : `\`${spec.fallback}\``;
  return `| \`${name}\` | ${fallback} | ${cell(spec.help)} | ${cell(spec.kind.rule)} |`;
}

/** The page `docs/settings.md`. */
export function settingsMarkdown(thresholds: readonly ThresholdReference[]): string {
  const head = "| name | default | what it does | must be |\n|---|---|---|---|";
  const sections = SETTING_SECTIONS.map(([title, table]) =>
    `## ${title}\n\n${head}\n${Object.entries(table).map(([name, spec]) => row(name, spec)).join("\n")}\n`
  );
  const signals = thresholds.map((one) =>
    `| \`${variable(one)}\` | \`${one.fallback}\` | ${cell(one.help)} |`
  );
  return [
    "# Settings",
    "",
    "Made from the table in `src/feed/settings/` by `deno task docs`; don't edit by hand.",
    "",
    "Settings are environment variables, read once at start. Every problem is told at once, with exit code 2; problems of several",
    "connections fall back to one connection instead (unless `STRICT_CONFIG=true`). What was set is logged at start, secrets as `***`.",
    "",
    ...sections,
    "## Signals",
    "",
    "| name | default | what it does |\n|---|---|---|",
    ...signals,
    "",
  ].join("\n");
}

/** The file `.env.example`: every setting with its default or an example, commented out. */
export function envExample(thresholds: readonly ThresholdReference[]): string {
  const lines = [
    "# Every setting, with its default (or an example where there is none). Made by `deno task docs`.",
    "# Copy to .env and uncomment what you change: deno run --env-file …, or your process manager.",
    "",
  ];
  for (const [title, table] of SETTING_SECTIONS) {
    lines.push(`# --- ${title}`);
    for (const [name, spec] of Object.entries(table)) {
      lines.push(`# ${spec.help}`, `# ${name}=${spec.fallback ?? spec.kind.example}`);
    }
    lines.push("");
  }
  lines.push(
    "# --- Signals",
    ...thresholds.flatMap((one) => [`# ${one.help}`, `# ${variable(one)}=${one.fallback}`]),
    "",
  );
  return lines.join("\n");
}
