import { assertEquals, assertRejects } from "@std/assert";
import { runtimeTracing, type SpanAttributes, SPANS_PER_SECOND } from "../../src/feed/tracing.ts";
import { ManualClock } from "../support/manual_clock.ts";

const GLOBAL_KEY = Symbol.for("opentelemetry.js.api.1");

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

/** Spans as a runtime that traces would take them, with nothing else of it. */
class FakeRuntime implements Disposable {
  readonly spans: { name: string; said: SpanAttributes; status: number; ended: boolean }[] = [];
  #active = new Map<symbol, unknown>();

  constructor() {
    const context = (values: Map<symbol, unknown>) => ({
      getValue: (key: symbol) => values.get(key),
      setValue: (key: symbol, value: unknown) => context(new Map([...values, [key, value]])),
      values,
    });
    const value = {
      trace: { getTracer: () => ({ startSpan: this.#start }) },
      context: {
        active: () => context(this.#active),
        with: <T>({ values }: { values: Map<symbol, unknown> }, work: () => T): T => {
          const before = this.#active;
          this.#active = values;
          try {
            return work();
          } finally {
            this.#active = before;
          }
        },
      },
    };
    Object.defineProperty(globalThis, GLOBAL_KEY, { value, configurable: true });
  }

  readonly #start = (name: string, { attributes }: { attributes: SpanAttributes }) => {
    const span = { name, said: attributes, status: 0, ended: false };
    this.spans.push(span);
    return {
      end: () => void (span.ended = true),
      setAttributes: (more: SpanAttributes) => void (span.said = { ...span.said, ...more }),
      setStatus: ({ code }: { code: number }) => void (span.status = code),
      updateName: (to: string) => void (span.name = to),
    };
  };

  [Symbol.dispose](): void {
    Reflect.deleteProperty(globalThis, GLOBAL_KEY);
  }
}

pure("nobody traces unless the runtime does", () => {
  assertEquals(runtimeTracing(new ManualClock(), "1"), undefined);
});

pure("a span says what was known before and what came out, and ends", async () => {
  using runtime = new FakeRuntime();
  const tracing = runtimeTracing(new ManualClock(), "1");
  const came = await tracing?.span("append", { list: "tick" }, (note) => {
    note({ outcome: "applied" });
    return Promise.resolve(7);
  });
  assertEquals(came, 7);
  assertEquals(runtime.spans, [
    { name: "append", said: { list: "tick", outcome: "applied" }, status: 0, ended: true },
  ]);
});

pure("what is thrown passes on unchanged, and only marks the span", async () => {
  using runtime = new FakeRuntime();
  const tracing = runtimeTracing(new ManualClock(), "1");
  const failing = tracing?.span("pull", {}, () => Promise.reject(new Error("redis://edge:SECRET@host")));
  await assertRejects(() => failing ?? Promise.resolve(), Error, "SECRET");
  assertEquals(runtime.spans, [{ name: "pull", said: {}, status: 2, ended: true }]);
});

pure("the span of the request around is given a name, and none is needed", async () => {
  using runtime = new FakeRuntime();
  const tracing = runtimeTracing(new ManualClock(), "1");
  tracing?.nameRequest("GET /nobody/asked");
  await tracing?.span("GET", {}, () => Promise.resolve(tracing.nameRequest("GET /sse/{stream}")));
  assertEquals(runtime.spans.map(({ name }) => name), ["GET /sse/{stream}"]);
});

pure("of each name a bounded number is begun a second; the work is done all the same", async () => {
  using runtime = new FakeRuntime();
  const clock = new ManualClock();
  const tracing = runtimeTracing(clock, "1");
  let done = 0;
  for (let second = 0; second < 3; second++) {
    for (let n = 0; n < 500; n++) await tracing?.span("append", {}, () => Promise.resolve(done++));
    await tracing?.span("pull", {}, () => Promise.resolve());
    await clock.advance(1000);
  }
  assertEquals(done, 1500);
  const begun = (name: string) => runtime.spans.filter((one) => one.name === name).length;
  assertEquals([begun("append"), begun("pull")], [3 * SPANS_PER_SECOND, 3]);
});
