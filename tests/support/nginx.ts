/** nginx of a test's own, with the project's own `deploy/nginx.conf`: only addresses and places of files differ. */
import { realPart } from "./real_parts.ts";
import { freePort } from "./redis_server.ts";
import { until } from "./until.ts";

/** A running nginx. */
export interface Nginx extends AsyncDisposable {
  readonly base: string;
  readonly pid: number;
  /** Goes on with other servers, as `nginx -s reload` does: who is connected stays. `servers`: `host:port`, with what may follow. */
  reload(servers: readonly string[]): Promise<void>;
}

const CONFIGURATION = new URL("../../deploy/nginx.conf", import.meta.url);
const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/** The project's configuration for other addresses. @throws {Error} when it has not as many edges as are given. */
export function nginxConfiguration(
  text: string,
  edges: readonly string[],
  port: number,
  directory: string,
): string {
  let n = 0;
  const addressed = text.replace(/server edge-\d+:8000/g, () => `server ${edges[n++]}`);
  if (n !== edges.length) throw new Error(`deploy/nginx.conf has ${n} edges, the test ${edges.length}`);
  const places = TEMPORARY.map((name) => `  ${name}_temp_path ${directory}/${name};`).join("\n");
  return addressed
    .replace("listen 8080 ", `listen 127.0.0.1:${port} `)
    .replace("http {", `http {\n${places}\n  access_log off;`);
}

/** Starts it in front of `edges` (`host:port`) and waits until it answers. */
export async function startNginx(edges: readonly string[]): Promise<Nginx> {
  const directory = await Deno.makeTempDir({ prefix: "tickcast-nginx-" });
  const port = freePort();
  const file = `${directory}/nginx.conf`;
  const text = await Deno.readTextFile(CONFIGURATION);
  await Deno.writeTextFile(file, nginxConfiguration(text, edges, port, directory));
  const child = new Deno.Command(realPart("nginx").path, {
    args: [
      "-p",
      directory,
      "-c",
      file,
      "-g",
      `daemon off; pid ${directory}/pid; error_log ${directory}/error.log;`,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const base = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill("SIGTERM");
    await child.status;
    await Deno.remove(directory, { recursive: true });
  };
  try {
    await until(async () => {
      const answer = await fetch(`${base}/health`);
      await answer.body?.cancel();
      return answer.ok;
    }, "nginx");
  } catch (error) {
    const log = await Deno.readTextFile(`${directory}/error.log`).catch(() => "no error log");
    await stop();
    throw new Error(`nginx did not start: ${log.slice(-500)}`, { cause: error });
  }
  const reload = async (servers: readonly string[]) => {
    const lines = servers.map((server) => `    server ${server};\n`).join("");
    const other = text.replace(/( +server edge-[^;]+;\n)+/, lines);
    await Deno.writeTextFile(file, nginxConfiguration(other, [], port, directory));
    child.kill("SIGHUP");
  };
  return { base, pid: child.pid, reload, [Symbol.asyncDispose]: stop };
}
