/** The conformance kit against an edge of our own, bare and through the client, on both servers, in one list and split over three. */
import { aMinute, aSecond, aTrade } from "../support/event_factory.ts";
import { edgeRig } from "../edge/edge_rig.ts";
import { CASES } from "./cases.ts";
import { CLIENT_CASES } from "./client_cases.ts";

const SYMBOLS = ["AAPL", "MSFT", "TSLA", "X:BTC-USD", "MSTR"];

/** Writes a few events every few ms until disposed. */
function keepWriting(
  append: (list: string, n: number) => Promise<unknown>,
  lists: readonly string[],
): AsyncDisposable {
  let n = 0;
  let isStopped = false;
  const done = (async () => {
    while (!isStopped) {
      for (const list of lists) await append(list, n++);
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      isStopped = true;
      await done;
    },
  };
}

const SCENES = (["deno", "hardened"] as const).flatMap((server) => [[server, 1], [server, 3]] as const);

for (const [server, lists] of SCENES) {
  const kits: (readonly [what: string, cases: typeof CASES])[] = [["an edge conforms", CASES]];
  // Through the client what differs between the scenes is little: each server and each split once.
  if ((server === "deno") === (lists === 1)) kits.push(["the client conforms", CLIENT_CASES]);
  for (const [what, cases] of kits) {
    Deno.test(`${what} (SERVER=${server}, ${lists} ${lists === 1 ? "list" : "lists"})`, async (t) => {
      await using rig = edgeRig({ settings: { server } });
      const plan = {
        at: 0,
        streams: { tick: { symbols: ["*"], lists } },
        markets: ["stocks"],
        simulated: true,
      };
      await rig.store.writeNote("plan", JSON.stringify(plan), undefined);
      const { port } = await rig.edge.serve("127.0.0.1", 0);
      await rig.writer.append("minute", [aMinute({ t: 1_772_463_600_000 })]);
      const names = lists === 1 ? ["tick"] : Array.from({ length: lists }, (_, n) => `tick.${n}`);
      await using _writing = keepWriting(
        async (list, n) => {
          if (n % 50 === 0) {
            await rig.writer.append("minute", [aMinute({ t: 1_772_463_600_000 + n * 60_000 })]);
          }
          await rig.writer.append(list, [
            aTrade({ sym: SYMBOLS[n % 5] ?? "AAPL", tid: String(n), t: 1_772_463_600_000 + n }),
            aSecond({ sym: SYMBOLS[n % 3] ?? "AAPL", t: 1_772_463_600_000 + n * 1000 }),
          ]);
        },
        names,
      );
      for (const one of cases) await t.step(one.name, () => one.run(`http://127.0.0.1:${port}`));
    });
  }
}
