/** A log that keeps its lines, for tests that read them. */
import type { Log, LogFields, LogLevel } from "../../src/feed/log.ts";

/** One line. */
export interface LoggedLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}

/** The log and its lines, oldest first. Children write into the same. */
export function recordingLog(): { readonly log: Log; readonly lines: LoggedLine[] } {
  const lines: LoggedLine[] = [];
  const at = (level: LogLevel) => (event: string, fields: LogFields = {}) =>
    void lines.push({ level, event, fields });
  const log: Log = {
    debug: at("debug"),
    info: at("info"),
    warning: at("warning"),
    error: at("error"),
    child: () => log,
  };
  return { log, lines };
}
