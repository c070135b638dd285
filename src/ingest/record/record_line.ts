/**
 * One upstream frame as a line of a recording, in the replay format: `{"at": ms, "feed": …, "events": […]}`. Elements are
 * copied as the texts they were (times keep all their digits); statuses, and what a replay could send to nobody, are left out.
 */
import type { UpstreamFrame } from "../wire/frame.ts";
import { splitElements } from "../wire/split_elements.ts";

/** The recording's name of a frame's feed. */
export const recordedFeed = ({ market, feed }: Pick<UpstreamFrame, "market" | "feed">): string =>
  feed === "business" ? (market === "crypto" ? "business/crypto" : "business") : market;

/** The line without its end; undefined when the frame has no element to record. */
export function recordLine(frame: UpstreamFrame): string | undefined {
  const elements = recordable(frame.text);
  if (elements === undefined) return undefined;
  return `{"at":${frame.rx},"feed":"${recordedFeed(frame)}","events":${elements}}`;
}

/** The frame's array as it is when all of it can be recorded, else one of those elements that can. */
function recordable(text: string): string | undefined {
  const whole = parseJson(text);
  if (Array.isArray(whole) && whole.length > 0 && whole.every(isRecordable)) return oneLine(text);
  const elements = splitElements(text).elements.filter((element) => isRecordable(parseJson(element)));
  return elements.length === 0 ? undefined : oneLine(`[${elements.join(",")}]`);
}

function isRecordable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { ev, sym, pair } = value as { ev?: unknown; sym?: unknown; pair?: unknown };
  return typeof ev === "string" && ev !== "status" && typeof (sym ?? pair) === "string" &&
    (sym ?? pair) !== "";
}

/** JSON has no line ends inside strings, so outside of them a space is as good. */
const oneLine = (text: string): string => text.trim().replace(/[\r\n]+/g, " ");

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
