import { assert } from "@std/assert";
import { FakeEdge } from "./fake_edge.ts";
import { until } from "./next.ts";

const page = await Deno.readTextFile(new URL("../../docs/client.md", import.meta.url));
const served = (name: string) => new URL(`../../src/dashboard/dist/${name}`, import.meta.url).href;
const examples = [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = ""]) => code);

Deno.test("every example of docs/client.md runs as it stands and reaches the server", async () => {
  assert(examples.length >= 4);
  for (const example of examples) {
    await using edge = new FakeEdge();
    edge.append("minute", { type: "minute", sym: "AAPL", t: 0, close: 1 });
    const code = example
      .replaceAll(/"\/(client\w*\.js)"/g, (_, name) => JSON.stringify(served(name)))
      .replaceAll("location.origin", JSON.stringify(edge.url));
    const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })), {
      type: "module",
    });
    const failed = new Promise<never>((_, reject) => {
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`${event.message}\n${example}`));
      };
    });
    try {
      await Promise.race([
        failed,
        until(
          "a request",
          () => edge.commands.length > 0 || edge.requests.some((line) => line.includes("/events/")),
        ),
      ]);
    } finally {
      worker.terminate();
    }
  }
});
