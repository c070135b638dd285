/** What a program with `OTEL_DENO=true` exports, kept as it came: the smallest receiver of OTLP over HTTP. */

/** A span as far as tests look. */
export interface SeenSpan {
  readonly name: string;
  readonly scope: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface TraceExport {
  readonly resourceSpans?: {
    readonly scopeSpans: {
      readonly scope: { readonly name: string };
      readonly spans: {
        readonly name: string;
        readonly attributes: { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
      }[];
    }[];
  }[];
}

/** A receiver on a port of its own. */
export class OtlpReceiver implements AsyncDisposable {
  /** Every body, spans, metrics and logs alike. */
  readonly bodies: string[] = [];
  readonly spans: SeenSpan[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      const text = await request.text();
      this.bodies.push(`${request.url} ${JSON.stringify([...request.headers])} ${text}`);
      if (new URL(request.url).pathname === "/v1/traces") this.#take(JSON.parse(text));
      return Response.json({});
    });
  }

  /** For the environment of the program that exports. */
  get environment(): Readonly<Record<string, string>> {
    return {
      OTEL_DENO: "true",
      OTEL_SERVICE_NAME: "tickcast",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_BSP_SCHEDULE_DELAY: "100",
      OTEL_METRIC_EXPORT_INTERVAL: "500",
    };
  }

  names(): ReadonlySet<string> {
    return new Set(this.spans.map(({ name }) => name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #take({ resourceSpans }: TraceExport): void {
    for (const { scope, spans } of (resourceSpans ?? []).flatMap(({ scopeSpans }) => scopeSpans)) {
      for (const { name, attributes } of spans) {
        const said = attributes.map(({ key, value }) => [key, Object.values(value)[0]]);
        this.spans.push({ name, scope: scope.name, attributes: Object.fromEntries(said) });
      }
    }
  }
}
