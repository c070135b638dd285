/**
 * Structured logging: one JSON object a line, the event's name as its message (`ws_connect`, `upstream_refused` …),
 * the context beside it. LogTape formats; where lines go is injected, so tests read them and no module is global.
 */
import { getJsonLinesFormatter, type LogLevel as LogTapeLevel } from "@logtape/logtape";
import type { Clock } from "./clock.ts";

/** Levels from loud to quiet. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What an event is logged with. Never a secret or a payload. */
export type LogFields = Readonly<
  Record<string, string | number | boolean | null | undefined | readonly string[]>
>;

/** Where the rooms report what an operator should see. `event` is a fixed snake_case name. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warning(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** The same log with a further category, e.g. `ingest`. */
  child(category: string): Log;
}

/** How {@link createLog} is set up. */
export interface LogOptions {
  /** Quieter events are dropped. */
  readonly level: LogLevel;
  /** Takes one line with its newline. */
  readonly write: (line: string) => void;
  readonly clock: Clock;
  /** Values that must never appear in a line; each is replaced by `***`. */
  readonly secrets?: readonly string[];
}

const format = getJsonLinesFormatter({ properties: "flatten", message: "rendered", categorySeparator: "." });

/** A log that writes JSON lines. */
export function createLog(options: LogOptions, category: readonly string[] = ["tickcast"]): Log {
  const secrets = (options.secrets ?? []).filter((secret) => secret.length >= 4);
  const threshold = LOG_LEVELS.indexOf(options.level);
  const at = (level: LogLevel) => (event: string, fields: LogFields = {}) => {
    if (LOG_LEVELS.indexOf(level) < threshold) return;
    const tapeLevel: LogTapeLevel = level;
    let line = format({
      category: [...category],
      level: tapeLevel,
      message: [event],
      rawMessage: event,
      timestamp: options.clock.now(),
      properties: { ...fields },
    });
    for (const secret of secrets) line = line.replaceAll(secret, "***");
    options.write(line);
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warning: at("warning"),
    error: at("error"),
    child: (name) => createLog(options, [...category, name]),
  };
}

/** A log that keeps nothing. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warning: () => {},
  error: () => {},
  child: () => silentLog,
};
