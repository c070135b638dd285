/**
 * Points the conformance kit at a running edge, wherever it is:
 *
 *     deno task conformance --url https://your-edge.example
 *
 * The tick stream has to be moving. Exit code 0 when every case holds, 1 when one doesn't, 2 for wrong arguments.
 */
import { CASES } from "./cases.ts";

const print = (line: string) => void Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
const at = Deno.args.indexOf("--url");
const base = (at < 0 ? undefined : Deno.args[at + 1])?.replace(/\/$/, "");
if (base === undefined || !URL.canParse(base)) {
  print("Cannot run as there is no address: deno task conformance --url http://localhost:8000");
  Deno.exit(2);
}
let failed = 0;
for (const one of CASES) {
  const began = performance.now();
  try {
    await one.run(base);
    print(`ok      ${one.name} (${Math.round(performance.now() - began)} ms)`);
  } catch (error) {
    failed++;
    print(
      `FAILED  ${one.name}\n        ${
        error instanceof Error ? error.message.split("\n").slice(0, 12).join("\n        ") : error
      }`,
    );
  }
}
print(`\n${CASES.length - failed} of ${CASES.length} hold at ${base}`);
Deno.exit(failed === 0 ? 0 : 1);
