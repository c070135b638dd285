/// <reference lib="dom" />
/** The feed of signals, newest first; a gap stands in it where it happened. */
import type { GapNotice, StreamEvents } from "../../client/message.ts";
import { make, need, setText } from "../element.ts";
import { formatCount, formatTime } from "../number_format.ts";
import { signalText } from "./signal_text.ts";

/** Lines shown at most. */
const LINES_MAX = 120;

type Line = StreamEvents["signal"] | GapNotice;

/** See the file comment. */
export class SignalFeed {
  readonly #list = need("signals");
  #waiting: Line[] = [];
  #count = 0;

  constructor(readonly onSelect: (symbol: string) => void) {
    this.#list.addEventListener("click", (event) => {
      const line = event.target instanceof Element
        ? event.target.closest<HTMLElement>("[data-symbol]")
        : null;
      if (line?.dataset.symbol) onSelect(line.dataset.symbol);
    });
    this.#list.append(make("li", "empty", "No signals yet"));
  }

  /** Whether the server has signals at all. */
  setOn(isOn: boolean): void {
    const first = this.#list.firstElementChild;
    if (first instanceof HTMLElement && first.className === "empty") {
      setText(first, isOn ? "No signals yet" : "This server has no signals");
    }
  }

  add(lines: readonly Line[]): void {
    this.#waiting.push(...lines);
    if (this.#waiting.length > LINES_MAX) this.#waiting = this.#waiting.slice(-LINES_MAX);
    this.#count += lines.length;
  }

  /** Puts what came since the last frame on top. */
  draw(): void {
    if (this.#waiting.length === 0) return;
    const lines = this.#waiting.reverse().map((line) =>
      line.type === "gap" ? gapLine(line) : signalLine(line)
    );
    this.#waiting = [];
    if (this.#list.firstElementChild?.className === "empty") this.#list.replaceChildren();
    // A reader who has scrolled down keeps the place: what is above grows out of sight.
    const before = this.#list.scrollHeight;
    this.#list.prepend(...lines);
    if (this.#list.scrollTop > 0) this.#list.scrollTop += this.#list.scrollHeight - before;
    while (this.#list.children.length > LINES_MAX) this.#list.lastElementChild?.remove();
    setText(need("signals-count"), formatCount(this.#count));
  }
}

function signalLine(signal: StreamEvents["signal"]): HTMLElement {
  const { title, detail, sign, isAlert } = signalText(signal);
  const line = make("li", isAlert ? "signal alert" : "signal");
  line.dataset.symbol = signal.sym;
  line.dataset.sign = sign;
  const head = make("div", "signal-head");
  const time = make("time", "num dim", formatTime(signal.t));
  time.dateTime = new Date(signal.t).toISOString();
  head.append(make("span", "symbol", signal.sym), make("span", "signal-title", title), time);
  line.append(head, make("div", "signal-detail num dim", detail || signal.source));
  return line;
}

/** A gap in words: what is missing and why. */
export function gapText(gap: GapNotice): string {
  const what = gap.lost === null
    ? "An unknown number of events"
    : `${formatCount(gap.lost)} ${gap.lost === 1 ? "event" : "events"}`;
  const why: Record<string, string> = {
    evicted: "away for longer than the server keeps them",
    epoch: "the server's lists began anew",
    slow: "this page could not keep up",
    overflow: "the service could not keep up",
    upstream: "the upstream connection was away",
    local: "this page could not keep up",
  };
  return `${what} of ${gap.stream} lost: ${why[gap.cause] ?? gap.cause}`;
}

function gapLine(gap: GapNotice): HTMLElement {
  return make("li", "gap-line", gapText(gap));
}
