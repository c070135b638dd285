/**
 * The text of an event stream (WHATWG HTML, server-sent events), written by hand: `data` is always one line of JSON, names
 * and ids are our own and never hold a line break, so that nothing from the feed can forge a block.
 */

/** Up to where an event's data stands, and what follows it. */
export const sseDataHead = (event: string): string => `event: ${event}\ndata: `;
export const SSE_END = "\n\n";

/** A whole event; `cursor` becomes what a native EventSource resumes from, an empty one would make it forget where it was. */
export function sseEvent(event: string, data: string, cursor: string | undefined): string {
  return `${cursor ? `id: ${cursor}\n` : ""}event: ${event}\ndata: ${data}\n\n`;
}

/** Moves the cursor of a native EventSource without an event that anybody sees. */
export const sseIdBlock = (cursor: string): string => `id: ${cursor}\n\n`;

/** How long a client waits before it comes back, in ms. */
export const sseRetry = (afterMs: number): string => `retry: ${Math.round(afterMs)}\n\n`;

/** `error` is EventSource's own name for a broken connection, so errors travel as `fault`. */
export const sseEventName = (type: string): string => type === "error" ? "fault" : type;
