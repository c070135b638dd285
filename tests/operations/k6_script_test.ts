/** `deploy/load.k6.js` without k6: one of its users against the running service, with k6's modules played by a few lines. */
import { assert, assertEquals } from "@std/assert";
import { startRunning } from "../support/running.ts";
import { until } from "../support/until.ts";

/** What k6's modules are, as far as the script uses them (k6/ws, k6, k6/metrics). A session ends when the test has it end. */
const STUB = `
const metrics = {};
const ends = [];
class Metric { constructor(name) { metrics[name] = this.values = []; } add(value) { this.values.push(value); } }
const Counter = Metric, Rate = Metric, Trend = Metric;
const check = (value, checks) => Object.values(checks).every((one) => one(value));
const ws = {
  connect(url, params, body) {
    const socket = new WebSocket(url, params.headers["Sec-WebSocket-Protocol"]);
    body({
      on(event, fn) {
        if (event === "open") socket.onopen = () => fn();
        else socket.onmessage = ({ data }) => fn(data);
      },
      send: (text) => socket.send(text),
      setTimeout: (fn) => ends.push(fn),
      close: (code) => socket.close(code),
    });
    return { status: 101 };
  },
};
export { ends, metrics };
`;

Deno.test("a user of the k6 script connects, gets its snapshot and events, and finds nothing lost, repeated or malformed", async () => {
  await using running = await startRunning({ SIMULATOR_RATE: "100", LOG_LEVEL: "error" });
  const script = await Deno.readTextFile(new URL("../../deploy/load.k6.js", import.meta.url));
  const environment = `const __ENV = ${JSON.stringify({ URL: running.base })};\n`;
  const body = environment + STUB + script.replace(/^import .*$/gm, "");
  const { default: user, ends, metrics, options } = await import(
    `data:text/javascript,${encodeURIComponent(body)}`
  );
  user();
  await until(() => metrics.events.length > 20 && metrics.snapshot_ms.length > 0, "events");
  assertEquals(Object.keys(options.thresholds).filter((name) => !(name in metrics)), []);
  assertEquals(metrics.failed_connections, [false]);
  assertEquals(metrics.connect_ms.length, 1);
  assert(metrics.delivery_ms.length > 0);
  for (const name of ["events_lost_undetected", "events_repeated", "malformed_messages"]) {
    assertEquals(metrics[name], [], name);
  }
  for (const end of ends) end();
  const active = async () => (await (await fetch(`${running.base}/ws/stats`)).json()).active_connections;
  await until(async () => await active() === 0, "the end of its session");
});
