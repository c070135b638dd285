/**
 * Spans for whoever runs with `OTEL_DENO=true`: the runtime then exports a span of every HTTP request by itself and leaves
 * OpenTelemetry's own door (the global that `@opentelemetry/api` looks at) open for ours. Without it there is no tracing,
 * and nothing asks for any.
 */
import type { Clock } from "./clock.ts";

/** Spans of one name begun in a second, at most; the others' work runs all the same. */
export const SPANS_PER_SECOND = 10;

/** What a span says of itself. Never a payload, a token or a URL with a query. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** Begins spans. */
export interface Tracing {
  /** Runs work in a span; `note` adds to it. What is thrown passes on and marks the span. */
  span<T>(
    name: string,
    attributes: SpanAttributes,
    work: (note: (more: SpanAttributes) => void) => Promise<T>,
  ): Promise<T>;
  /** Gives the runtime's span of the request that is being answered its route for a name (`GET /sse/{stream}`). */
  nameRequest(name: string): void;
}

interface Span {
  end(): void;
  setAttributes(attributes: SpanAttributes): unknown;
  setStatus(status: { code: number }): unknown;
  updateName(name: string): unknown;
}

interface Context {
  getValue(key: symbol): Span | undefined;
  setValue(key: symbol, value: Span): Context;
}

/** The part of the global that is used, as `@opentelemetry/api` 1.x has it. */
interface OpenTelemetry {
  readonly trace: {
    getTracer(name: string, version: string): {
      startSpan(name: string, options: { attributes: SpanAttributes }): Span;
    };
  };
  readonly context: { active(): Context; with<T>(context: Context, work: () => T): T };
}

const GLOBAL_KEY = Symbol.for("opentelemetry.js.api.1");
const SPAN_KEY = Symbol.for("OpenTelemetry Context Key SPAN");
const STATUS_ERROR = 2;

/** Undefined where nobody traces. */
export function runtimeTracing(clock: Clock, version: string): Tracing | undefined {
  const found: Partial<OpenTelemetry> | undefined = Object.getOwnPropertyDescriptor(globalThis, GLOBAL_KEY)
    ?.value;
  if (found?.trace === undefined || found.context === undefined) return undefined;
  return new RuntimeTracing({ trace: found.trace, context: found.context }, clock, version);
}

class RuntimeTracing implements Tracing {
  readonly #begun = new Map<string, { second: number; count: number }>();
  readonly #tracer;

  constructor(readonly api: OpenTelemetry, readonly clock: Clock, version: string) {
    this.#tracer = api.trace.getTracer("tickcast", version);
  }

  async span<T>(
    name: string,
    attributes: SpanAttributes,
    work: (note: (more: SpanAttributes) => void) => Promise<T>,
  ): Promise<T> {
    if (!this.#mayBegin(name)) return await work(() => {});
    const span = this.#tracer.startSpan(name, { attributes });
    const { context } = this.api;
    try {
      const within = context.active().setValue(SPAN_KEY, span);
      return await context.with(within, () => work((more) => void span.setAttributes(more)));
    } catch (error) {
      span.setStatus({ code: STATUS_ERROR });
      throw error;
    } finally {
      span.end();
    }
  }

  nameRequest(name: string): void {
    this.api.context.active().getValue(SPAN_KEY)?.updateName(name);
  }

  #mayBegin(name: string): boolean {
    const second = Math.floor(this.clock.monotonic() / 1000);
    const begun = this.#begun.get(name);
    if (begun?.second !== second) this.#begun.set(name, { second, count: 1 });
    else if (begun.count++ >= SPANS_PER_SECOND) return false;
    return true;
  }
}
