/** The pages as the edge serves them: built files by path. `main.ts` reads them once and hands them over. */

/** One file, ready to be sent. */
export interface PageFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

const HTML = "text/html; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";

/** Path → file in `dist/` and its type. */
const FILES: readonly (readonly [path: string, file: string, contentType: string])[] = [
  ["/", "live.html", HTML],
  ["/status", "health.html", HTML],
  ["/client.js", "client.js", SCRIPT],
  ["/client.js.map", "client.js.map", "application/json"],
  ["/client_fallback.js", "client_fallback.js", SCRIPT],
  ["/client_fallback.js.map", "client_fallback.js.map", "application/json"],
  ["/client_share.js", "client_share.js", SCRIPT],
  ["/client_share.js.map", "client_share.js.map", "application/json"],
  ["/assets/live.js", "live.js", SCRIPT],
  ["/assets/health.js", "health.js", SCRIPT],
  ["/assets/style.css", "style.css", "text/css; charset=utf-8"],
  ["/assets/icon.svg", "icon.svg", "image/svg+xml"],
  ["/assets/inter.woff2", "inter.woff2", "font/woff2"],
];

/**
 * What the pages need of a `Content-Security-Policy`: everything from the server itself, no inline script or style.
 */
export const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * Reads the built pages.
 * @throws {Deno.errors.NotFound} When `dist/` is not complete: run `deno task bundle`.
 */
export async function loadPages(): Promise<ReadonlyMap<string, PageFile>> {
  const read = async ([path, file, contentType]: (typeof FILES)[number]) =>
    [path, { body: await Deno.readFile(new URL(`./dist/${file}`, import.meta.url)), contentType }] as const;
  return new Map(await Promise.all(FILES.map(read)));
}
