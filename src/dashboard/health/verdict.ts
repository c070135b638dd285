/** The health page's one sentence. Pure. */
import type { StreamsHealth } from "./health_answer.ts";

/** A light, what it means, and why. */
export interface Verdict {
  readonly light: "green" | "yellow" | "red";
  readonly text: string;
  readonly detail: string;
}

const list = (names: readonly string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

/** Judges what the server said; `status` is that of its answer where it said nothing of use. */
export function verdictOf(health: StreamsHealth | undefined, status = 0): Verdict {
  if (!health && (status === 401 || status === 403)) {
    return {
      light: "yellow",
      text: "These figures are private",
      detail:
        "Type the admin token below to see them: it is sent with every request of this page and kept nowhere.",
    };
  }
  if (!health) {
    return { light: "red", text: "The server does not answer", detail: "Trying again every two seconds." };
  }
  const streams = Object.values(health.streams).filter(({ state }) => state !== "off");
  const bad = streams.filter(({ state }) => state === "down" || state === "stale");
  const names = bad.map(({ stream }) => stream);
  const detail = bad.map(({ stream, detail }) => `${stream}: ${detail ?? ""}`).join(" · ");
  if (streams.length === 0) {
    return { light: "yellow", text: "No stream is configured", detail: "Set DATA_FREQUENCIES." };
  }
  if (bad.length === streams.length) return { light: "red", text: "No stream is flowing", detail };
  if (bad.length > 0) {
    return {
      light: "yellow",
      text: `${list(names)} ${names.length === 1 ? "is" : "are"} not flowing`,
      detail,
    };
  }
  if (streams.every(({ state }) => state === "closed")) {
    return {
      light: "green",
      text: "The market is closed",
      detail: "Everything is ready for the next session.",
    };
  }
  return {
    light: "green",
    text: "All streams are flowing",
    detail: `${list(streams.map(({ stream }) => stream))}`,
  };
}
