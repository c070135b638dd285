/// <reference lib="dom" />
/** The top bar's right side: the status light, the transport in use, and the state of each stream. */
import type { ClientError } from "../../client/failure.ts";
import type { Transport } from "../../client/link.ts";
import { lightOf, type Status } from "../../client/status.ts";
import { make, need, setText } from "../element.ts";
import { formatSpan, formatTime } from "../number_format.ts";
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

/** Streams whose room is another's where the server has none of them. */
const ROOMS = ["heatmap", "fmv"] as const;
const roomKey = (stream: string) => `tickcast.${stream}`;
/** Away for less than this is not worth greying the page. */
const AWAY_AFTER_MS = 2_000;

/** A page that was told nothing of its rooms for so long gives everything its own. */
const ROOMS_KNOWN_MS = 1_500;

/** Remembered, so that the next load is laid out right from the start. */
function giveRoom(states: Readonly<Record<string, string>>): void {
  for (const stream of ROOMS) {
    const state = states[stream];
    if (state === undefined) continue;
    const word = state === "off" ? "off" : "on";
    if (document.body.dataset[stream] === word) continue;
    document.body.dataset[stream] = word;
    writeStored(roomKey(stream), word);
  }
  showRooms();
}

/** Shows the chart when it has taken its size: two frames after its room changed. */
function showRooms(): void {
  const { body } = document;
  if (body.dataset.rooms || ROOMS.some((stream) => !body.dataset[stream])) return;
  requestAnimationFrame(() => requestAnimationFrame(() => body.dataset.rooms = "known"));
}

/** What stands beside the status: over what it is live, or of when the prices are. */
function transportText(status: Status, pricesAt: number | undefined): string {
  if (status.state !== "open" && pricesAt !== undefined) return `prices of ${formatTime(pricesAt)}`;
  return "transport" in status ? TRANSPORT_NAMES[status.transport] : "";
}

/** See the file comment. */
export class LinkBar {
  #status: Status = { state: "idle" };
  #states: Readonly<Record<string, string>> = {};
  #away: ReturnType<typeof setTimeout> | undefined;
  #trouble = "";

  constructor() {
    for (const stream of ROOMS) {
      const word = readStored(roomKey(stream));
      if (word) document.body.dataset[stream] = word;
    }
    setTimeout(() => {
      for (const stream of ROOMS) document.body.dataset[stream] ??= "on";
      showRooms();
    }, ROOMS_KNOWN_MS);
    showRooms();
  }

  /** @param pricesAt Event time of the newest price, Unix ms; undefined before any. */
  status(status: Status, pricesAt: number | undefined): void {
    this.#status = status;
    const isOpen = status.state === "open";
    setText(need("link-text"), statusText(status));
    setText(need("link-transport"), transportText(status, pricesAt));
    if (isOpen) this.notice(undefined);
    else setText(need("link-trip"), "");
    const isLesser = isOpen && status.transport !== "websocket";
    setText(need("foot-transport"), isLesser ? this.#trouble : "");
    this.#mark(isOpen);
    this.#light();
  }

  #mark(isOpen: boolean): void {
    if (!isOpen) {
      this.#away ??= setTimeout(() => document.body.dataset.link = "away", AWAY_AFTER_MS);
      return;
    }
    clearTimeout(this.#away);
    this.#away = undefined;
    document.body.dataset.link = "up";
  }

  /** Why the best transport is not had: told while a lesser one is. */
  trouble(error: ClientError): void {
    if (!error.fatal && this.#status.state !== "open") this.#trouble = error.message;
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
    giveRoom(states);
    need("market-closed").hidden = states.tick !== "closed";
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
