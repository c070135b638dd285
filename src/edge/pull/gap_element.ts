/** A `gap` event of a list: what ingest could not keep. It takes a place in the list and reaches clients as a message only. */
import type { Position } from "../../feed/cursor.ts";
import { Gap } from "../../feed/event.ts";
import type { Missing } from "./log_record.ts";

/** Reads one; a gap that can't be read is still a gap, of unknown size. */
export function gapElement(text: string, { epoch, seq }: Position): Missing {
  const parsed = Gap.safeParse(JSON.parse(text));
  const around = { after: { epoch, seq: seq - 1 }, before: { epoch, seq: seq + 1 } };
  if (!parsed.success) return { ...around, lost: null, cause: "upstream", from: undefined, to: undefined };
  const { lost, cause, from, to } = parsed.data;
  return { ...around, lost, cause, from, to };
}
