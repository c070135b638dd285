/**
 * How many lists a stream was last split over, kept beside them: lists of another split hold other symbols, so a change begins
 * new epochs, and no cursor of before passes for one of after.
 */
import type { NoteStore } from "../../feed/store.ts";
import { listsOfStream } from "../../feed/stream.ts";

const noteName = (stream: string): string => `lists:${stream}`;
/** More than anybody ever had; what is beyond was not written by us. */
const LISTS_MAX = 10_000;

/** The lists of the split before, when it was another; undefined when nothing changed. */
export async function listsToRestart(
  store: NoteStore,
  stream: string,
  count: number,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const text = await store.readNote(noteName(stream), signal);
  const noted = Number(text ?? "1");
  const before = Number.isInteger(noted) && noted >= 1 && noted <= LISTS_MAX ? noted : 1;
  return before === count ? undefined : listsOfStream(stream, before);
}

/** Notes the present split. */
export const noteSplit = (
  store: NoteStore,
  stream: string,
  count: number,
  signal: AbortSignal,
): Promise<void> => store.writeNote(noteName(stream), String(count), undefined, signal);
