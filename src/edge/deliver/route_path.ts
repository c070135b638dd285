/** Which door a path leads to: read by hand, for it is asked of every request and every upgrade. Pure. */

/** A delivery route: the door, and the stream where the path names one. */
export interface RoutePath {
  readonly door: "ws" | "sse";
  /** Undefined: all streams. */
  readonly stream: string | undefined;
}

const PATH = /^\/(ws|sse)(?:\/([A-Za-z0-9_]{1,64}))?\/?$/;

/** Undefined when the path is no such door; `/ws/stats` is a report, not a stream. */
export function routePath(pathname: string): RoutePath | undefined {
  const match = PATH.exec(pathname);
  if (match === null || pathname === "/ws/stats") return undefined;
  return { door: match[1] === "ws" ? "ws" : "sse", stream: match[2] };
}

/**
 * The path of an absolute URL, without parsing all of it; what is percent-encoded is read as the app's router reads it, so
 * that no spelling of a path gets past a door.
 */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  if (start < 0) return "/";
  const end = url.indexOf("?", start);
  const path = end < 0 ? url.slice(start) : url.slice(start, end);
  return path.includes("%") ? decoded(path) : path;
}

function decoded(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
