/** Finding out which part of a request is refused, where the whole of it is: a WebSocket says so itself, plain requests don't. */

/** Questions asked at most for one request. */
export const SIFT_ASKS_MAX = 64;

/**
 * Those of the items that may be asked for: all when they may together, else of each half those that may.
 * @param mayAsk Whether the server takes a request for these; rejects when it can't be reached.
 */
export function sift<T>(
  items: readonly T[],
  mayAsk: (some: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let asksLeft = SIFT_ASKS_MAX;
  const halve = async (some: readonly T[]): Promise<readonly T[]> => {
    if (some.length === 0 || asksLeft-- <= 0) return [];
    if (await mayAsk(some)) return some;
    const middle = some.length >> 1;
    return middle === 0 ? [] : [...await halve(some.slice(0, middle)), ...await halve(some.slice(middle))];
  };
  return halve(items);
}
