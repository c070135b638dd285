/** The one setting of a Linux kernel that an edge can't do for itself. */
import { type Finding, findingsOf } from "./finding.ts";

const { ok, warn, skip } = findingsOf("machine");

/** Unsent bytes at which a socket counts as full (Linux, `ip-sysctl`); of its own for every container. */
export const NOTSENT_LOWAT_PATH = "/proc/sys/net/ipv4/tcp_notsent_lowat";
/** What is recommended: a few frames. */
export const NOTSENT_LOWAT_BYTES = 131_072;
/** Up to here a client that never reads is noticed within seconds. */
const NOTSENT_LOWAT_MAX_BYTES = 1_048_576;

/** Deno itself reads /proc only with every right there is; a program that may do nothing but show a file needs one. */
export async function readByCat(path: string): Promise<string> {
  const { stdout, success } = await new Deno.Command("cat", { args: [path], stdin: "null", stderr: "null" })
    .output();
  if (!success) throw new Error("no such file");
  return new TextDecoder().decode(stdout);
}

/**
 * Looks at how much the kernel takes for a client that never reads before anybody notices: by default about 4 MB, which also
 * pin some seven times as much memory, for small writes of many sockets share pages. Never rejects.
 * @param read a file's text; rejects where there is none or it may not be read
 */
export async function checkKernel(read: (path: string) => Promise<string>): Promise<Finding> {
  let bytes: number;
  try {
    bytes = Number((await read(NOTSENT_LOWAT_PATH)).trim());
  } catch {
    return skip("how much the kernel keeps for clients that never read can't be seen here");
  }
  // The kernel's "no limit" is 2^32 - 1, or -1 where it is read as signed.
  if (bytes >= 0 && bytes <= NOTSENT_LOWAT_MAX_BYTES) {
    return ok(`the kernel keeps at most ${bytes} unsent bytes a client`);
  }
  return warn(
    "the kernel keeps some 4 MB for each client that never reads before it is noticed",
    `sysctl -w net.ipv4.tcp_notsent_lowat=${NOTSENT_LOWAT_BYTES} (docs/operations.md, The kernel)`,
  );
}
