/** Ports, permissions, files and the kernel: what the process itself needs of the machine. */
import { describeError } from "../../feed/error.ts";
import type { Settings } from "../../feed/settings/settings.ts";
import { checkKernel, readByCat } from "./check_kernel.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, warn, fail } = findingsOf("machine");

/** How long whoever holds the port may take to say who it is. */
const NEIGHBOUR_LIMIT_MS = 1_000;

/** Everything about the machine. Never rejects. */
export async function checkMachine(settings: Settings): Promise<readonly Finding[]> {
  const ports = [settings.port, ...settings.edge.adminPort === undefined ? [] : [settings.edge.adminPort]];
  return [
    ...checkPermissions(),
    ...await Promise.all(ports.map((port) => checkPort(settings.host, port))),
    ...settings.role === "ingest" ? [] : [await checkKernel(readByCat)],
    ...await checkFiles(settings),
  ];
}

function checkPermissions(): readonly Finding[] {
  const names = ["net", "env", "read"] as const;
  const missing = names.filter((name) => Deno.permissions.querySync({ name }).state !== "granted");
  return missing.length === 0 ? [ok(`Deno ${Deno.version.deno} may use ${names.join(", ")}`)] : [fail(
    `Deno may not use ${missing.join(", ")}`,
    `start with ${missing.map((one) => `--allow-${one}`).join(" ")}`,
  )];
}

async function checkPort(host: string, port: number): Promise<Finding> {
  if (port === 0) return ok("the port is any free one");
  try {
    using _listener = Deno.listen({ hostname: host, port });
    return ok(`port ${port} on ${host} is free`);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) {
      return fail(
        `port ${port} on ${host} can't be listened on: ${describeError(error)}`,
        "choose another PORT or HOST (ports under 1024 need a privilege)",
      );
    }
    return await isTickcast(port)
      ? warn(`port ${port} is held by a running tickcast`, "fine if that is the one you mean; else set PORT")
      : fail(`port ${port} on ${host} is taken by another program`, "stop it, or set PORT");
  }
}

async function isTickcast(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/health`, {
      signal: AbortSignal.timeout(NEIGHBOUR_LIMIT_MS),
    });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

async function checkFiles({ ingest, simulator, simulated }: Settings): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  const { recordDir } = ingest;
  if (recordDir !== undefined) {
    found.push(
      await attempt(
        async () => await Deno.remove(await Deno.makeTempFile({ dir: recordDir })),
        "RECORD_DIR can be written",
        "RECORD_DIR can't be written",
        "create the directory, let this user write there and start with --allow-write",
      ),
    );
  }
  const read = async (name: string, path: string) =>
    await attempt(
      async () => void await Deno.stat(path),
      `${name} is there`,
      `${name} can't be read`,
      `check the path ${path}`,
    );
  if (ingest.universesFile !== undefined) found.push(await read("UNIVERSES_FILE", ingest.universesFile));
  if (simulated && simulator.replayFile !== undefined) {
    found.push(await read("SIMULATOR_REPLAY", simulator.replayFile));
  }
  return found;
}

async function attempt(act: () => Promise<void>, good: string, bad: string, todo: string): Promise<Finding> {
  try {
    await act();
    return ok(good);
  } catch (error) {
    return fail(`${bad}: ${error instanceof Error ? error.name : "unknown"}`, todo);
  }
}
