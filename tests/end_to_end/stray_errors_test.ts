/** What nobody catches, a rejection or a throw, costs a line in the log: the process serves on. */
import { assertEquals } from "@std/assert";
import { startProcess } from "../support/processes.ts";
import { collectByWebSocket } from "../support/stream_clients.ts";
import { until } from "../support/until.ts";

const preload = new URL("../support/stray_errors.ts", import.meta.url).pathname;
const RIGHTS = ["--allow-net", "--allow-env", "--allow-read"];

for (const server of ["deno", "hardened"]) {
  Deno.test(`an unhandled rejection and an uncaught throw are logged, and clients go on (SERVER=${server})`, async () => {
    await using process = await startProcess({
      environment: { ROLE: "all", SERVER: server },
      command: ["run", "--quiet", "--no-prompt", ...RIGHTS, "--preload", preload, "main.ts"],
    });
    await using client = collectByWebSocket(process.base, ["tick"], "earliest");
    const logged = (message: string) => process.log.filter((line) => line.message === message).length;
    await until(
      () => logged("unhandled_rejection") > 0 && logged("uncaught_error") > 0,
      "both lines",
      15_000,
    );
    const seen = client.seen.get("tick")?.events.length ?? 0;
    await client.until((now) => (now.get("tick")?.events.length ?? 0) >= seen + 20, 15_000);
    const health = await fetch(`${process.base}/health/ready`);
    await health.body?.cancel();
    assertEquals(health.status, 200);
  });
}
