/** Why a run saw no event: a closed market is no fault, a stream that should be live and says nothing is one. */
import { z } from "zod";
import type { StreamState } from "../../feed/health.ts";
import type { LoadPlan } from "./load_arguments.ts";
import { headersOf } from "./load_link.ts";

/** Health must have answered by then. */
const HEALTH_LIMIT_MS = 2_000;
/** States in which nothing need come. */
const EXCUSED: ReadonlySet<string> = new Set<StreamState>(["closed", "quiet", "off"]);

const Health = z.looseObject({ state: z.string(), detail: z.string().optional() });

/** What a silent run is judged by. */
export interface Silence {
  /** Nothing was due: delivery is not judged, all the rest is. */
  readonly isExcused: boolean;
  /** For whoever started the run. */
  readonly reason: string;
}

/** Asks the health of every followed stream. Never rejects. */
export async function whySilent(
  { urls, streams }: Pick<LoadPlan, "urls" | "streams">,
  token: string | undefined,
): Promise<Silence> {
  const told = await Promise.all(streams.map((stream) => healthOf(urls[0] ?? "", stream, token)));
  const states = streams.map((stream, n) =>
    `${stream} is ${told[n]?.state ?? "not told by /health/streams"}`
  );
  const isExcused = told.every((one) => one !== undefined && EXCUSED.has(one.state));
  return {
    isExcused,
    reason: `nothing came: ${isExcused ? "market closed? " : ""}${states.join(", ")}${
      isExcused ? "; handshake, first snapshot and format are judged, delivery is not" : ""
    }`,
  };
}

async function healthOf(url: string, stream: string, token: string | undefined) {
  try {
    const answer = await fetch(`${url}/health/streams/${stream}`, {
      headers: headersOf(token),
      signal: AbortSignal.timeout(HEALTH_LIMIT_MS),
    });
    return Health.parse(await answer.json());
  } catch {
    return undefined;
  }
}
