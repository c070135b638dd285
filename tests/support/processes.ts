/** The real program as processes of its own, as an operator runs them. */

/** A started process. */
export interface Process extends AsyncDisposable {
  readonly base: string;
  readonly pid: number;
  /** Everything it has logged so far, one parsed JSON object a line. */
  readonly log: readonly Record<string, unknown>[];
  kill(signal: Deno.Signal): void;
  readonly status: Promise<Deno.CommandStatus>;
}

/** How one is started. */
export interface ProcessOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Another Deno than the one that runs the tests. */
  readonly deno?: string;
  readonly args?: readonly string[];
  /** Another checkout than this one. */
  readonly root?: string;
  /** What `deno` is given in place of `run`, its permissions and `main.ts`. */
  readonly command?: readonly string[];
}

const root = new URL("../../", import.meta.url).pathname;
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 20_000;
const flags = [
  "run",
  "--quiet",
  "--no-prompt",
  "--allow-net",
  "--allow-env",
  "--allow-read",
  "--allow-write",
];

function commandOf(
  { environment, args = [], root: cwd = root, command = [...flags, "main.ts"] }: ProcessOptions,
): Deno.CommandOptions {
  const inherited = Object.fromEntries(
    ["PATH", "HOME", "DENO_DIR", "TMPDIR"].map((name) => [name, Deno.env.get(name)]).filter(([, value]) =>
      value !== undefined
    ),
  );
  return {
    args: [...command, ...args],
    cwd,
    clearEnv: true,
    env: { ...inherited, NO_COLOR: "1", HOST: "127.0.0.1", PORT: "0", ...environment },
    stdin: "null",
    stdout: "piped",
  };
}

/** Runs `main.ts` until it ends by itself, as it does with settings it refuses. */
export async function runProgram(
  deno: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const signal = AbortSignal.timeout(START_DEADLINE_MS);
  const output = await new Deno.Command(deno, { ...commandOf({ environment }), stderr: "piped", signal })
    .output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code: output.code, stdout: text(output.stdout), stderr: text(output.stderr) };
}

/** Starts `main.ts` on the loopback and a free port; resolves once it says where it listens. */
export async function startProcess(options: ProcessOptions): Promise<Process> {
  const { deno = Deno.execPath() } = options;
  const child = new Deno.Command(deno, { ...commandOf(options), stderr: "inherit" }).spawn();
  const log: Record<string, unknown>[] = [];
  const listening = Promise.withResolvers<string>();
  const deadline = setTimeout(
    () =>
      listening.reject(
        new Error(`not listening within ${START_DEADLINE_MS} ms: ${JSON.stringify(log.slice(-3))}`),
      ),
    START_DEADLINE_MS,
  );
  const reading = readLines(child.stdout, (line) => {
    const entry = parseLine(line);
    log.push(entry);
    if (entry.message === "listening") listening.resolve(String(entry.url));
  }).then(() => listening.reject(new Error(`ended before listening: ${JSON.stringify(log.slice(-3))}`)));
  const stop = async () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
    await child.status;
    clearTimeout(timer);
    await reading;
  };
  try {
    const base = await listening.promise;
    return {
      base,
      pid: child.pid,
      log,
      kill: (signal) => child.kill(signal),
      status: child.status,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(deadline);
  }
}

function parseLine(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line);
  } catch {
    return { message: line };
  }
}

async function readLines(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  let buffered = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    buffered += decoder.decode(chunk, { stream: true });
    const lines = buffered.split("\n");
    buffered = lines.pop() ?? "";
    for (const line of lines) if (line !== "") onLine(line);
  }
}
