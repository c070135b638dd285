/**
 * The real programs some tests run against. A machine without one still passes the suite: those tests are reported as
 * ignored, with the line that installs it in their names; `TICKCAST_REQUIRE_REAL=1` (set by `.ci/run`) turns such a skip
 * into a failure, so that CI can't go quietly without them.
 */

const PACKAGES = { "redis-server": "redis-server", nginx: "nginx-light", chromium: "chromium" } as const;

/** A program from Debian that tests start by themselves. */
export type RealPartName = keyof typeof PACKAGES;

/** What a test needs to know of it. */
export interface RealPart {
  /** Give to `Deno.test({ ignore })`. */
  readonly ignore: boolean;
  /** Put behind the test's name: empty, or how to install what is missing. */
  readonly note: string;
  /** Absolute path of the program; empty when missing. */
  readonly path: string;
}

const DIRECTORIES = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

function find(program: string): string {
  for (const directory of DIRECTORIES) {
    try {
      if (Deno.statSync(`${directory}/${program}`).isFile) return `${directory}/${program}`;
    } catch {
      // Not there: look in the next one.
    }
  }
  return "";
}

const required = () => Deno.env.get("TICKCAST_REQUIRE_REAL") === "1";

/**
 * Looks for a program.
 * @throws {Error} when it is missing and `TICKCAST_REQUIRE_REAL=1`.
 */
export function realPart(name: RealPartName): RealPart {
  const path = find(name);
  if (path === "" && required()) {
    throw new Error(
      `Cannot run the tests as TICKCAST_REQUIRE_REAL=1 needs ${name}: install it with apt-get install -y ${
        PACKAGES[name]
      }`,
    );
  }
  return {
    ignore: path === "",
    note: path === "" ? ` (ignored: apt-get install -y ${PACKAGES[name]})` : "",
    path,
  };
}

/** The recording beside the project, where there is one: never copied into it. */
export function sharedRecording(): RealPart {
  const path = new URL("../../../shared/market/2013-10-07-open.ndjson.gz", import.meta.url).pathname;
  try {
    if (Deno.statSync(path).isFile) return { ignore: false, note: "", path };
  } catch {
    // A clone without its neighbour: the test says so.
  }
  return { ignore: true, note: " (ignored: no recording at ../shared/market)", path: "" };
}
