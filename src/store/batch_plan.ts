/**
 * What can be said of a batch before any store sees it: that it keeps the limits, and which of its events is the latest
 * of each (type, symbol). Done once here, so that a script compares one candidate per field instead of every event.
 */
import type { AppendRequest } from "../feed/store.ts";
import type { EventBody } from "../feed/event_text.ts";

/** Most a batch may weigh, in bytes of UTF-8. */
export const BATCH_MAX_BYTES = 1024 * 1024;

/** A candidate for the list's `last`: the greatest `t` of its field within the batch, the later of equals. */
export interface LastCandidate {
  readonly field: string;
  readonly t: number;
  /** Which body of the batch. */
  readonly index: number;
}

const UTF8_MAX_BYTES_PER_UNIT = 3;
const encoder = new TextEncoder();

/**
 * Refuses a batch its writer should never have made. A batch is at most half the list, so that a reader that pulls once
 * an interval can't be overrun by one.
 * @throws {RangeError} the writer is broken; nothing was sent.
 */
export function checkBatch(request: AppendRequest): void {
  const { bodies, capEvents, batch, expected } = request;
  const most = Math.floor(capEvents / 2);
  if (bodies.length < 1 || bodies.length > most) {
    throw new RangeError(
      `Cannot append to ${request.list} as a batch must have 1 to ${most} events: current value is ${bodies.length}`,
    );
  }
  if (batch === "" || !Number.isSafeInteger(expected.seq) || !Number.isSafeInteger(request.fence)) {
    throw new RangeError(`Cannot append to ${request.list} as batch, expected head and fence must be given`);
  }
  const bytes = bytesUpTo(bodies, BATCH_MAX_BYTES);
  if (bytes > BATCH_MAX_BYTES) {
    throw new RangeError(
      `Cannot append to ${request.list} as a batch must be at most ${BATCH_MAX_BYTES} bytes: current value is ${bytes}`,
    );
  }
}

/** UTF-8 bytes of the bodies; an upper estimate while that is enough to say they are under `limit`. */
function bytesUpTo(bodies: readonly EventBody[], limit: number): number {
  let units = 0;
  for (const body of bodies) units += body.text.length;
  if (units * UTF8_MAX_BYTES_PER_UNIT <= limit || units > limit) return units;
  let bytes = 0;
  for (const body of bodies) bytes += encoder.encode(body.text).byteLength;
  return bytes;
}

/** The latest event per field within the batch, in the order fields first appear. Gaps have none. */
export function lastCandidates(bodies: readonly EventBody[]): readonly LastCandidate[] {
  const byField = new Map<string, LastCandidate>();
  for (const [index, { lastField: field, t }] of bodies.entries()) {
    if (field === undefined) continue;
    const known = byField.get(field);
    if (known === undefined || t >= known.t) byField.set(field, { field, t, index });
  }
  return [...byField.values()];
}
