/** `deno task fuzz`: the fuzzers for longer than the suite has. `FUZZ_SECONDS=240 deno task fuzz` is an hour over all of them. */
const child = new Deno.Command(Deno.execPath(), {
  args: ["test", "--lock=tests/deno.lock", "--quiet", "--allow-all", "tests/fuzz"],
  env: { FUZZ_SECONDS: Deno.env.get("FUZZ_SECONDS") ?? "10" },
}).spawn();
const { code } = await child.status;
Deno.exit(code);
