import { assertEquals, assertMatch } from "@std/assert";
import {
  checkKernel,
  NOTSENT_LOWAT_BYTES,
  NOTSENT_LOWAT_PATH,
} from "../../../src/operations/doctor/check_kernel.ts";
import { findingText } from "../../../src/operations/doctor/finding.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });
const found = async (text: string) =>
  findingText(await checkKernel((path) => Promise.resolve(path === NOTSENT_LOWAT_PATH ? text : "")));

pure(
  "a kernel that keeps megabytes for clients that never read is a warning with the command that mends it",
  async () => {
    for (const asItIs of ["4294967295\n", "-1\n", "1048577\n"]) {
      assertMatch(
        await found(asItIs),
        /^ {2}WARN machine +the kernel keeps some 4 MB.*\n +→ sysctl -w net\.ipv4\.tcp_notsent_lowat=131072 /,
      );
    }
  },
);

pure("one that was told otherwise is fine", async () => {
  for (const bytes of [NOTSENT_LOWAT_BYTES, 16_384, 1_048_576]) {
    assertMatch(
      await found(`${bytes}\n`),
      new RegExp(`^ {2}ok +machine +the kernel keeps at most ${bytes} unsent`),
    );
  }
});

pure("where it can't be seen nothing is said against it", async () => {
  const { status } = await checkKernel(() => Promise.reject(new Deno.errors.NotFound()));
  assertEquals(status, "skip");
});
