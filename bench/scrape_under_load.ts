/**
 * What a scrape of `/metrics` costs the clients: the time from ingest's receipt to a client's, with and without a scrape
 * every second (Prometheus comes every 15 s), in turns on one running service.
 *
 *     deno run --lock=tests/deno.lock -A bench/scrape_under_load.ts [--clients 300] [--rounds 6] [--seconds 4]
 *
 * Exit code 1 when scraping moves the median of the rounds' 99th percentiles by more than a quarter.
 */
import { parseArgs } from "node:util";
import { startProcess } from "../tests/support/processes.ts";

const LIMIT = 1.25;
const SCRAPE_INTERVAL_MS = 1000;
const SETTLE_MS = 3000;

const { values } = parseArgs({
  options: {
    clients: { type: "string", default: "300" },
    rounds: { type: "string", default: "6" },
    seconds: { type: "string", default: "4" },
  },
});
const [clients, rounds, seconds] = [values.clients, values.rounds, values.seconds].map(Number);

const print = (line: string) => void Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const quantile = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
const median = (all: readonly number[]) => quantile(all.toSorted((a, b) => a - b), 0.5);

await using service = await startProcess({
  environment: { SIMULATOR_RATE: "100", WS_MAX_CONNECTIONS: "2000" },
});
let lags: number[] = [];
const sockets = Array.from({ length: clients ?? 0 }, () => {
  const socket = new WebSocket(`${service.base.replace("http", "ws")}/ws/tick?symbols=*`, "tickcast.v1");
  socket.onmessage = ({ data }) => {
    // The newest event's receipt, without parsing thousands of frames: the reader must not be what is measured.
    const at = data.lastIndexOf('"rx":');
    if (at > 0 && data.startsWith('{"type":"events"')) {
      lags.push(Date.now() - Number.parseInt(data.slice(at + 5), 10));
    }
  };
  return socket;
});
await sleep(SETTLE_MS);

/** The 99th percentile of one stretch, ms. */
async function stretch(isScraped: boolean): Promise<number> {
  lags = [];
  const end = performance.now() + (seconds ?? 0) * 1000;
  while (performance.now() < end) {
    if (isScraped) await (await fetch(`${service.base}/metrics`)).text();
    await sleep(SCRAPE_INTERVAL_MS);
  }
  return quantile(lags.toSorted((a, b) => a - b), 0.99);
}

const alone: number[] = [];
const scraped: number[] = [];
for (let round = 0; round < (rounds ?? 0); round++) {
  // Which comes first alternates, so that a drift favours neither.
  for (const isScraped of round % 2 === 0 ? [false, true] : [true, false]) {
    (isScraped ? scraped : alone).push(await stretch(isScraped));
  }
  print(`round ${round + 1}: p99 ${alone.at(-1)} ms alone, ${scraped.at(-1)} ms scraped`);
}
for (const socket of sockets) socket.close();
const ratio = median(scraped) / median(alone);
print(`median p99: ${median(alone)} ms alone, ${median(scraped)} ms scraped: × ${ratio.toFixed(2)}`);
Deno.exitCode = ratio <= LIMIT ? 0 : 1;
