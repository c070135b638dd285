/**
 * Builds the pages: `deno task bundle` writes `src/dashboard/dist/`, which is committed, so that running the service needs no
 * build. `tests/dashboard/bundle_test.ts` fails when what is committed is not what this builds.
 */
import * as esbuild from "esbuild";

const here = (path: string): URL => new URL(path, import.meta.url);
const pathOf = (path: string): string => here(path).pathname;

/** The chart library with its own dependency inside, found where Deno keeps it. */
function chartLibrary(): string {
  const found = import.meta.resolve("lightweight-charts");
  return new URL("./lightweight-charts.standalone.production.mjs", found).pathname;
}

const COMMON = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  write: false,
  // Paths in source maps must not tell where somebody's checkout is.
  absWorkingDir: pathOf("../.."),
  outdir: pathOf("./dist/"),
} as const satisfies esbuild.BuildOptions;

/** Members of the client that nobody outside it sees: shortened in what is served, which must stay small. */
const INTERNAL_NAMES =
  "settings openers tokens heartbeatMs isStable rung onWake onLeave onReturn onHiddenLong stepDown " +
  "settle asks deliver deliverSnapshot deliverGap isNews restart resume nudge canRenew capItems onOverflow bases clearAll " +
  "onRoundTrip onStatus source current fail epoch seq book onShown watcher isIdle onStalled heard begin receive";

/** The client's parts: what everybody needs, what is loaded when WebSocket fails, and sharing for those who ask for it. */
const CLIENT_PARTS = [
  { in: "../client/tickcast.ts", out: "client" },
  { in: "../client/fallback_links.ts", out: "client_fallback" },
  { in: "../client/share_tabs.ts", out: "client_share" },
] as const;

/** What one part loads of another stays a request of its own. */
const partsApart: esbuild.Plugin = {
  name: "parts-apart",
  setup(build) {
    build.onResolve(
      { filter: /\/fallback_links\.ts$/ },
      ({ kind }) => kind === "dynamic-import" ? { path: "./client_fallback.js", external: true } : undefined,
    );
  },
};

async function clientParts(): Promise<esbuild.OutputFile[]> {
  const files: esbuild.OutputFile[] = [];
  // Parts hand each other objects: what is shortened in one must be called the same in the others.
  let mangleCache: esbuild.BuildOptions["mangleCache"] = {};
  for (const part of CLIENT_PARTS) {
    const { outputFiles, ...result } = await esbuild.build({
      ...COMMON,
      entryPoints: [{ in: pathOf(part.in), out: part.out }],
      sourcemap: "linked",
      mangleCache,
      tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
      mangleProps: new RegExp(`^(${INTERNAL_NAMES.replaceAll(" ", "|")})$`),
      plugins: [partsApart],
    });
    mangleCache = result.mangleCache;
    files.push(...outputFiles);
  }
  return files;
}

async function pageParts(): Promise<esbuild.OutputFile[]> {
  const { outputFiles } = await esbuild.build({
    ...COMMON,
    entryPoints: [
      { in: pathOf("./live/live_page.ts"), out: "live" },
      { in: pathOf("./health/health_page.ts"), out: "health" },
      { in: pathOf("./style.css"), out: "style" },
    ],
    external: ["*.woff2"],
    alias: { "lightweight-charts": chartLibrary() },
  });
  return outputFiles;
}

const COPIED = ["live.html", "health.html", "icon.svg", "fonts/inter.woff2"];

/** Every file of `dist/` by name. */
export async function buildPages(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  try {
    for (const file of [...await clientParts(), ...await pageParts()]) {
      files.set(file.path.slice(file.path.lastIndexOf("/") + 1), file.contents);
    }
  } finally {
    await esbuild.stop();
  }
  for (const path of COPIED) {
    files.set(path.slice(path.lastIndexOf("/") + 1), await Deno.readFile(here(`./${path}`)));
  }
  return files;
}

if (import.meta.main) {
  await Deno.mkdir(here("./dist/"), { recursive: true });
  for (const [name, contents] of await buildPages()) await Deno.writeFile(here(`./dist/${name}`), contents);
}
