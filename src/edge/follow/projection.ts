/** Only the fields a client asked for: `id`, `type`, `sym` and `t` always stay, and `n` of a conflated event. Pure. */

const ALWAYS: readonly string[] = ["id", "type", "sym", "t", "n"];

/** Most fields one subscription may name. */
export const FIELDS_MAX = 32;

/** Whether `text` can be the name of a field. */
export const isFieldName = (text: string): boolean => /^[A-Za-z][A-Za-z0-9_]{0,31}$/.test(text);

/** Cuts an event's text down to `fields`, in the event's own order. */
export function projectEvent(text: string, fields: ReadonlySet<string>): string {
  const event: unknown = JSON.parse(text);
  if (typeof event !== "object" || event === null) return text;
  return JSON.stringify(
    Object.fromEntries(Object.entries(event).filter(([name]) => fields.has(name) || ALWAYS.includes(name))),
  );
}
