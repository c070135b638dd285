/** What the process needs of its machine: ports, rights, files. */
import { assert } from "@std/assert";
import { checkMachine } from "../../../src/operations/doctor/check_machine.ts";
import { findingText } from "../../../src/operations/doctor/finding.ts";
import type { Environment } from "../../../src/feed/settings/read_values.ts";
import { freePort } from "../../support/redis_server.ts";
import { settingsOf } from "../../support/running.ts";

const look = async (environment: Environment) =>
  (await checkMachine(settingsOf({ HOST: "127.0.0.1", PORT: String(freePort()), ...environment })))
    .map(findingText).join("\n");

function assertTells(text: string, told: RegExp): void {
  assert(told.test(text), text);
}

Deno.test({
  name: "a right that Deno was not given is named with the flag that gives it",
  permissions: { net: true, read: false, env: true },
  async fn() {
    assertTells(await look({}), /FAIL machine +Deno may not use read\n +→ start with --allow-read/);
  },
});

Deno.test("a port that tickcast itself holds is a warning, and one of another program a fault", async () => {
  const answers = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("{}"),
  );
  const port = String(answers.addr.port);
  assertTells(
    await look({ PORT: port }),
    /WARN machine +port \d+ is held by a running tickcast\n +→ fine if/,
  );
  await answers.shutdown();
  using mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  assertTells(
    await look({ PORT: String(mute.addr.port) }),
    /FAIL machine +port \d+ on 127\.0\.0\.1 is taken by another program\n +→ stop it, or set PORT/,
  );
});

Deno.test("an address that isn't this machine's is a fault, whatever the port", async () => {
  assertTells(
    await look({ HOST: "192.0.2.1" }),
    /FAIL machine +port \d+ on 192\.0\.2\.1 can't be listened on.*\n +→ choose/,
  );
});

Deno.test("the admin port is looked at too", async () => {
  using mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const text = await look({ ADMIN_PORT: String(mute.addr.port), ADMIN_TOKEN: "an-admin-token-of-length" });
  assertTells(text, new RegExp(`FAIL machine +port ${mute.addr.port} on 127\\.0\\.0\\.1 is taken`));
});

Deno.test("files that are named must be there, and a recording's directory must take writing", async () => {
  const directory = await Deno.makeTempDir();
  assertTells(await look({ RECORD_DIR: directory }), /ok +machine +RECORD_DIR can be written/);
  assertTells(
    await look({ RECORD_DIR: `${directory}/none` }),
    /FAIL machine +RECORD_DIR can't be written: NotFound\n +→ create the directory/,
  );
  assertTells(
    await look({
      UNIVERSES_FILE: `${directory}/none.json`,
      SYMBOL_UNIVERSE_KEY: "a:b",
      TICK_SYMBOLS: "AAPL",
    }),
    /FAIL machine +UNIVERSES_FILE can't be read: NotFound\n +→ check the path/,
  );
  assertTells(
    await look({ SIMULATOR_REPLAY: `${directory}/none.gz` }),
    /FAIL machine +SIMULATOR_REPLAY can't be read: NotFound\n +→ check the path/,
  );
  await Deno.remove(directory);
});
