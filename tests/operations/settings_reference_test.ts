import { assert, assertEquals } from "@std/assert";
import { SETTING_TABLE } from "../../src/feed/settings/setting_table.ts";
import { envExample, settingsMarkdown } from "../../src/operations/settings_reference.ts";
import { SIGNAL_THRESHOLDS } from "../../src/signals/signal_thresholds.ts";

const thresholds = SIGNAL_THRESHOLDS;
const read = (path: string) => Deno.readTextFile(new URL(`../../${path}`, import.meta.url));

Deno.test("docs/settings.md and .env.example are what the table says (else: deno task docs)", async () => {
  assertEquals(await read("docs/settings.md"), settingsMarkdown(thresholds));
  assertEquals(await read(".env.example"), envExample(thresholds));
});

Deno.test("every setting is documented, and no secret has a default", () => {
  const page = settingsMarkdown(thresholds);
  for (const [name, spec] of Object.entries(SETTING_TABLE)) {
    assert(page.includes(`\`${name}\``), name);
    assert(!(spec.secret && spec.fallback !== undefined), name);
  }
});
