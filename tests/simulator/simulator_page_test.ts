import { assertEquals } from "@std/assert";
import { FAULTS } from "../../src/simulator/faults/fault_table.ts";

Deno.test("docs/simulator.md lists every fault with its number and words", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/simulator.md", import.meta.url));
  const rows = [...page.matchAll(/^\| ([\d, ]*) *\| `(\w+)` +\|[^\n]*\| ([^|\n]+?) *\|$/gm)]
    .map(([, numbers, name, summary]) => [name, numbers?.trim(), summary]);
  assertEquals(
    rows,
    [...FAULTS.values()].map(({ name, numbers, summary }) => [name, numbers.join(", "), summary]),
  );
});
