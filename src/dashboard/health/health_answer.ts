/** The health routes' answers as the pages read them: only what is used, tolerant of what is missing. Shapes: `docs/protocol.md`. */
import { tokenHeaders } from "../page_token.ts";

/** One stream of `/health/streams`. */
export interface StreamHealth {
  readonly stream: string;
  readonly state: string;
  readonly detail?: string;
  readonly last_event_age_ms?: number | null;
  readonly rate?: number;
  readonly depth?: number | null;
  readonly lists?: readonly {
    readonly list: string;
    readonly head: string | null;
    readonly held?: number;
    readonly pull_ms?: number | null;
  }[];
  readonly lag_ms?: {
    readonly exchange_to_ingest: number | null;
    readonly ingest_to_redis: number | null;
    readonly redis_to_edge: number | null;
  };
  readonly gaps?: { readonly upstream: number; readonly edge: number; readonly last_at: number | null };
  readonly drops?: Readonly<Record<string, number>>;
}

/** `/health/streams`. */
export interface StreamsHealth {
  readonly simulated?: boolean;
  readonly streams: Readonly<Record<string, StreamHealth>>;
}

/** What a route answered: 0 is no answer at all. */
export interface Answer<T> {
  readonly status: number;
  readonly value: T | undefined;
}

/** Fetches JSON from a route beside the page. A 503 of a health route still has its value. */
export async function ask<T>(
  route: string,
  signal: AbortSignal,
  headers = tokenHeaders(),
): Promise<Answer<T>> {
  try {
    const response = await fetch(route, { signal, cache: "no-store", headers });
    const { status } = response;
    return { status, value: response.ok || status === 503 ? await response.json() as T : undefined };
  } catch {
    return { status: 0, value: undefined };
  }
}

/** State by stream. */
export const statesOf = (health: StreamsHealth | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(health?.streams ?? {}).map(([name, { state }]) => [name, state]));
