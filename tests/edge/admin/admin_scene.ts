/** Ingest as an operator's commands meet it: played by a test. */
import { type ControlAnswer, ControlEnvelope } from "../../../src/feed/control.ts";
import type { anOperationalSide } from "../../support/operational_scene.ts";

type Scene = Awaited<ReturnType<typeof anOperationalSide>>;

/** Takes what was asked and answers it, then lets the edge find the answer. */
export async function answering(scene: Scene, pending: Promise<Response>, reply: ControlAnswer) {
  let done = false;
  pending.then(() => done = true);
  const asked: unknown[] = [];
  for (let n = 0; n < 50 && !done; n++) {
    await scene.clock.advance(100);
    // Bodies are read outside the microtask queue.
    await new Promise((resolve) => setTimeout(resolve, 0));
    for (const text of await scene.store.takeCommands(10)) {
      const envelope = ControlEnvelope.parse(JSON.parse(text));
      asked.push(envelope.command);
      await scene.store.writeAnswer(envelope.id, JSON.stringify(reply), 60_000);
    }
  }
  const response = await pending;
  return { asked, status: response.status, body: await response.json() };
}

/** What ingest says when it has done it. */
export const done = (result: Record<string, unknown> = {}): ControlAnswer => ({ ok: true, result });
