/** What the doctor found: what was looked at, how it is, and what to do about it. */

/** `ok`; `warn`: works, but look at it; `fail`: won't work; `skip`: could not or need not be looked at. */
export type FindingStatus = "ok" | "warn" | "fail" | "skip";

/** One finding. Holds no secret. */
export interface Finding {
  readonly area: "settings" | "redis" | "upstream" | "machine";
  readonly status: FindingStatus;
  /** What is so. */
  readonly detail: string;
  /** What to do; empty when nothing. */
  readonly todo: string;
}

/** Makes findings of one area. */
export const findingsOf = (area: Finding["area"]) => ({
  ok: (detail: string): Finding => ({ area, status: "ok", detail, todo: "" }),
  warn: (detail: string, todo: string): Finding => ({ area, status: "warn", detail, todo }),
  fail: (detail: string, todo: string): Finding => ({ area, status: "fail", detail, todo }),
  skip: (detail: string): Finding => ({ area, status: "skip", detail, todo: "" }),
});

const MARKS: Readonly<Record<FindingStatus, string>> = {
  ok: "ok  ",
  warn: "WARN",
  fail: "FAIL",
  skip: "–   ",
};

/** A finding as lines for a terminal. */
export const findingText = ({ area, status, detail, todo }: Finding): string =>
  `  ${MARKS[status]} ${area.padEnd(9)} ${detail}${todo === "" ? "" : `\n                 → ${todo}`}`;

/** 1 when something won't work. */
export const exitCodeOf = (findings: readonly Finding[]): number =>
  findings.some(({ status }) => status === "fail") ? 1 : 0;
