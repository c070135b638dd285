import { assertThrows } from "@std/assert";
import { checkHardenedRuntime } from "../../../src/edge/hardened/hardened_runtime.ts";
import { TickcastError } from "../../../src/feed/error.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

pure("runtimes that hold the hardened server's limits may run it", () => {
  for (const version of ["2.8.0", "2.8.0-rc.1", "2.9.6", "2.10.0", "3.0.0", "2.9.6+abc"]) {
    checkHardenedRuntime(version);
  }
});

pure("runtimes that don't are named in the refusal", () => {
  for (const version of ["2.5.0", "2.7.14", "1.46.3", "2.0.9"]) {
    assertThrows(() => checkHardenedRuntime(version), TickcastError, version);
  }
});
