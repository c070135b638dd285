/**
 * Writes docs/client_api.md, the reference of the client's public API, out of the code's own comments:
 *
 *     deno run -A tests/client/api_reference.ts
 *
 * `tests/client/api_reference_test.ts` holds it to the code.
 */

const ENTRY = new URL("../../src/client/tickcast.ts", import.meta.url);
const PAGE = new URL("../../docs/client_api.md", import.meta.url);

/** The page as it should be now. */
export async function apiReference(): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--quiet", ENTRY.pathname],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  if (code !== 0) throw new Error(`Cannot read the API as deno doc failed: ${text.decode(stderr)}`);
  const listing = text.decode(stdout).replaceAll(/^Defined in .*\n\n/gm, "").replaceAll(/\n{2,}/g, "\n\n")
    // A type and its validator are one thing to whoever uses the client.
    .replaceAll(/^const (\w+)\n(.*)\n\ntype \1 = .*$/gm, "type $1\n$2").trim();
  return `# The client's API

Out of the comments in \`src/client/\` by \`deno run -A tests/client/api_reference.ts\` (Deno ${Deno.version.deno}). How to use
it is told in [the client](client.md), the fields of events in [the protocol](protocol.md).

\`\`\`text
${listing}
\`\`\`
`;
}

/** The page as it is. */
export const writtenReference = (): Promise<string> => Deno.readTextFile(PAGE);

if (import.meta.main) await Deno.writeTextFile(PAGE, await apiReference());
