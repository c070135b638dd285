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

async function scripts(): Promise<esbuild.OutputFile[]> {
  const client = await esbuild.build({
    ...COMMON,
    entryPoints: [{ in: pathOf("../client/tickcast.ts"), out: "client" }],
    sourcemap: "linked",
  });
  const pages = await esbuild.build({
    ...COMMON,
    entryPoints: [
      { in: pathOf("./live_page.ts"), out: "live" },
      { in: pathOf("./health_page.ts"), out: "health" },
      { in: pathOf("./style.css"), out: "style" },
    ],
    external: ["*.woff2"],
    alias: { "lightweight-charts": chartLibrary() },
  });
  return [...client.outputFiles, ...pages.outputFiles];
}

const COPIED = ["live.html", "health.html", "icon.svg", "fonts/inter.woff2"];

/** Every file of `dist/` by name. */
export async function buildPages(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  try {
    for (const file of await scripts()) {
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
