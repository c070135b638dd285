/**
 * Points the conformance kit at a running edge, wherever it is, bare or through the client:
 *
 *     deno task conformance --url https://your-edge.example [--through client]
 *
 * The tick stream has to be moving. Exit code 0 when every case holds, 1 when one doesn't, 2 for wrong arguments.
 */
import { CASES } from "./cases.ts";
import { CLIENT_CASES } from "./client_cases.ts";

const print = (line: string) => void Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
const option = (name: string): string | undefined => {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? undefined : Deno.args[at + 1] ?? "";
};
const refuse = (why: string): never => {
  print(`Cannot run as ${why}: deno task conformance --url http://localhost:8000 [--through client]`);
  Deno.exit(2);
};
const base = option("url")?.replace(/\/$/, "") ?? refuse("there is no address");
if (!URL.canParse(base)) refuse("the address is none");
const through = option("through") ?? "nothing";
if (!["nothing", "client"].includes(through)) refuse("the kit goes through the client or through nothing");
const cases = through === "client" ? CLIENT_CASES : CASES;
let failed = 0;
for (const one of cases) {
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
print(`\n${cases.length - failed} of ${cases.length} hold at ${base}`);
Deno.exit(failed === 0 ? 0 : 1);
