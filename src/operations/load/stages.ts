/** How many clients there should be at a moment of a run: straight lines between stages, the meaning k6 gives the same words. */

/** One stretch of a run: at its end there are `clients`, reached in a straight line from where the last one ended. */
export interface Stage {
  readonly clients: number;
  readonly seconds: number;
}

/** Clients of one stage at most: what one process of this tool was measured with, and some. */
export const STAGE_CLIENTS_MAX = 20_000;
/** Length of one stage at most: a day. */
export const STAGE_SECONDS_MAX = 86_400;
/** Stages of one run at most. */
export const STAGES_MAX = 50;

/** The stages of the requirement (row I3): 100 for 1 min, 500 for 5, 1000 for 2, down over 2. */
export const DEFAULT_STAGES = "100:60,500:300,1000:120,0:120";

/** Reads `clients:seconds,…`; undefined when it has no such form or exceeds a limit above. */
export function parseStages(text: string): readonly Stage[] | undefined {
  const parts = text.split(",").map((part) => /^(\d{1,6}):(\d{1,6}(?:\.\d{1,3})?)$/.exec(part.trim()));
  if (parts.length > STAGES_MAX) return undefined;
  const stages: Stage[] = [];
  for (const part of parts) {
    const clients = Number(part?.[1] ?? Number.NaN);
    const seconds = Number(part?.[2] ?? Number.NaN);
    if (!(clients <= STAGE_CLIENTS_MAX && seconds > 0 && seconds <= STAGE_SECONDS_MAX)) return undefined;
    stages.push({ clients, seconds });
  }
  return stages;
}

/** Length of a run in ms. */
export const runLengthMs = (stages: readonly Stage[]): number =>
  stages.reduce((sum, { seconds }) => sum + seconds * 1000, 0);

/** The most clients of a run. */
export const mostClients = (stages: readonly Stage[]): number =>
  stages.reduce((most, { clients }) => Math.max(most, clients), 0);

/** Clients wanted `atMs` after the start. */
export function clientsAt(stages: readonly Stage[], atMs: number): number {
  let before = 0;
  let startMs = 0;
  for (const { clients, seconds } of stages) {
    const lengthMs = seconds * 1000;
    if (atMs < startMs + lengthMs) {
      return Math.round(before + (clients - before) * Math.max(0, atMs - startMs) / lengthMs);
    }
    before = clients;
    startMs += lengthMs;
  }
  return before;
}
