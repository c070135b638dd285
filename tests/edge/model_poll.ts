/** A model client that polls: one stream after the other. */
import { settle } from "../support/manual_clock.ts";
import type { Rig } from "./edge_rig.ts";
import { type Change, queryOf } from "./model_asked.ts";
import type { ModelClient } from "./model_client.ts";
import { type Connection, TIER_HEADER } from "./model_connections.ts";
import { pick, type Random } from "./model_random.ts";

/** Asks again as soon as it is answered; `random` says which of its polls wait. */
export const connectPoll = (rig: Rig, client: ModelClient, random: Random): Connection =>
  new PollConnection(rig, client, random);

class PollConnection implements Connection {
  #isGone = false;
  #pending: Promise<void> | undefined;
  #turn: number;

  constructor(readonly rig: Rig, readonly client: ModelClient, readonly random: Random) {
    this.#turn = pick(random, [0, 1, 2]);
  }

  async read(): Promise<boolean> {
    if (this.#isGone) return false;
    this.#pending ??= this.#ask();
    await settle(50);
    return !this.#isGone;
  }

  stall(): void {}

  change({ asked }: Change): void {
    this.client.asked = asked;
  }

  drop(): void {
    this.#isGone = true;
  }

  async #ask(): Promise<void> {
    const { client, rig } = this;
    const { streams, tier } = client.being;
    const stream = streams[this.#turn++ % streams.length] ?? "";
    client.begin();
    const query = queryOf(client.asked);
    const cursor = client.cursorText([stream]);
    if (cursor !== "") query.set("cursor", cursor);
    if (this.random() < 0.5) query.set("wait", "1");
    const headers = { [TIER_HEADER]: tier };
    const response = await rig.edge.fetch(new Request(`http://edge/events/${stream}?${query}`, { headers }));
    const text = await response.text();
    if (this.#isGone) return;
    if (response.status === 200) {
      const { gap, ...answer } = JSON.parse(text);
      if (gap) client.take({ ...gap, stream });
      client.take({ ...answer, type: "events" });
    } else this.#isGone = true;
    this.#pending = undefined;
  }
}
