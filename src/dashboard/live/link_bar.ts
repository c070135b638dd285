/// <reference lib="dom" />
/** The top bar's right side: the status light, the transport in use, and the state of each stream. */
import type { ClientError } from "../../client/failure.ts";
import type { Transport } from "../../client/link.ts";
import { lightOf, type Status } from "../../client/status.ts";
import { make, need, setText } from "../element.ts";
import { formatSpan } from "../number_format.ts";
import { readStored, writeStored } from "../theme.ts";

/** How the streams are called and ordered. */
export const STREAM_ORDER = ["tick", "minute", "fmv", "signal", "heatmap"] as const;

const TRANSPORT_NAMES: Readonly<Record<Transport, string>> = {
  websocket: "WebSocket",
  sse: "Event stream",
  poll: "Polling",
};

const STATE_WORDS: Readonly<Record<string, string>> = {
  live: "data is flowing",
  quiet: "open, nothing due",
  stale: "no data though some is due",
  down: "not working",
  closed: "market closed",
  off: "not configured",
};

/** The light of the whole: the connection's, dimmed to yellow or red by streams that don't flow. Pure. */
export function overallLight(
  status: Status,
  states: Readonly<Record<string, string>>,
): "green" | "yellow" | "red" {
  const light = lightOf(status);
  if (light !== "green") return light;
  const all = Object.values(states);
  const on = all.filter((state) => state !== "off");
  if (on.length > 0 && on.every((state) => state === "down")) return "red";
  return all.some((state) => state === "stale" || state === "down") ? "yellow" : "green";
}

/** The status in words. Pure. */
export function statusText(status: Status): string {
  switch (status.state) {
    case "idle":
    case "connecting":
      return "Connecting";
    case "open":
      return "Live";
    case "waiting":
      return status.retryInMs < 1000 ? "Reconnecting" : `Reconnecting in ${formatSpan(status.retryInMs)}`;
    case "paused":
      return "Paused";
    case "closed":
      return status.error ? "Disconnected" : "Closed";
  }
}

const HEATMAP_KEY = "tickcast.heatmap";

/**
 * Where no heatmap is configured its room is the chart's. Remembered, so that the next load is laid out right from the
 * start.
 */
function showHeatmap(state: string | undefined): void {
  if (state === undefined) return;
  document.body.dataset.heatmap = state === "off" ? "off" : "on";
  writeStored(HEATMAP_KEY, document.body.dataset.heatmap);
}

/** See the file comment. */
export class LinkBar {
  constructor() {
    document.body.dataset.heatmap = readStored(HEATMAP_KEY) ?? "on";
  }

  #status: Status = { state: "idle" };
  #states: Readonly<Record<string, string>> = {};

  status(status: Status): void {
    this.#status = status;
    setText(need("link-text"), statusText(status));
    setText(need("link-transport"), "transport" in status ? TRANSPORT_NAMES[status.transport] : "");
    if (status.state !== "open") setText(need("link-trip"), "");
    if (status.state === "open") this.notice(undefined);
    this.#light();
  }

  roundTrip(ms: number | undefined): void {
    setText(need("link-trip"), ms === undefined ? "" : formatSpan(ms));
  }

  /** A message a person can act on, over the whole width; nothing when undefined. */
  notice(error: ClientError | undefined): void {
    const box = need("notice");
    box.hidden = error === undefined;
    setText(box, error?.message ?? "");
  }

  states(states: Readonly<Record<string, string>>): void {
    this.#states = states;
    const names = [...new Set([...STREAM_ORDER, ...Object.keys(states)])].filter((name) => name in states);
    showHeatmap(states.heatmap);
    const list = need("streams");
    names.forEach((name, at) => {
      const item = list.children[at] instanceof HTMLElement
        ? list.children[at]
        : list.appendChild(make("li"));
      const state = states[name] ?? "off";
      if (item.dataset.state === state && item.dataset.stream === name) return;
      item.dataset.state = state;
      item.dataset.stream = name;
      item.title = `${name}: ${state}, ${STATE_WORDS[state] ?? ""}`;
      item.replaceChildren(
        make("span", "dot"),
        make("span", "", name),
        make("span", "visually-hidden", `: ${state}`),
      );
    });
    this.#light();
  }

  #light(): void {
    need("link").dataset.light = overallLight(this.#status, this.#states);
  }
}
