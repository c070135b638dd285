/** What tickets may cost the store: those that are none, and those one subject asks for. */
import { assertEquals } from "@std/assert";
import { HolderRates } from "../../../src/edge/admit/holder_rates.ts";
import { TicketDesk } from "../../../src/edge/admit/ticket_desk.ts";
import { TickcastError } from "../../../src/feed/error.ts";
import type { FeedStore } from "../../../src/feed/store.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { edgeRig } from "../edge_rig.ts";
import { secretSettings } from "../../support/token_factory.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

/** An edge that asks for tokens, its store's `takeTicket` counted. */
function aDoor(clock: ManualClock) {
  const asked: string[] = [];
  const wrapStore = (store: FeedStore): FeedStore => ({
    ...store,
    takeTicket: (id, signal) => {
      asked.push(id);
      return store.takeTicket(id, signal);
    },
  });
  const rig = edgeRig({ clock, settings: { authMode: "jwt", jwt: secretSettings }, wrapStore });
  const knock = async (n: number, hostname: string): Promise<string> => {
    const ticket = `${String(n).padStart(22, "A")}.${"B".repeat(43)}`;
    const response = await rig.edge.fetch(new Request(`http://edge/sse/tick?ticket=${ticket}`), {
      remoteAddr: { transport: "tcp", hostname, port: 1 },
      completed: Promise.resolve(),
    });
    const text = await response.text();
    return `${response.status} ${/[A-Z]{3,}_[A-Z]+|UNAUTHORIZED/.exec(text)?.[0]}`;
  };
  return { rig, asked, knock };
}

pure(
  "tickets that are none cost the store ten commands a second of one address, and others' none",
  async () => {
    const clock = new ManualClock();
    const { rig, asked, knock } = aDoor(clock);
    const answers = new Set<string>();
    for (let n = 0; n < 1000; n++) answers.add(await knock(n, "203.0.113.9"));
    assertEquals([asked.length, [...answers]], [100, ["401 UNAUTHORIZED", "200 RATE_LIMITED"]]);
    assertEquals(rig.edge.core.counters.limits.get("tickets"), 900);
    assertEquals(await knock(1, "203.0.113.10"), "401 UNAUTHORIZED");
    await clock.advance(1000);
    for (let n = 0; n < 100; n++) await knock(n, "203.0.113.9");
    assertEquals(asked.length, 111);
    const closing = rig[Symbol.asyncDispose]();
    await clock.advance(10_000);
    await closing;
  },
);

pure("one subject is given a hundred tickets at once, then ten a second, and another as many", async () => {
  const clock = new ManualClock();
  const desk = new TicketDesk(createMemoryStore(clock), clock);
  const issue = (subject: string) =>
    desk.issue("a.b.c", subject).then(() => "given", (error) => error instanceof TickcastError && error.code);
  const given = async (subject: string) => {
    let count = 0;
    for (let n = 0; n < 150; n++) if (await issue(subject) === "given") count++;
    return count;
  };
  assertEquals([await given("eve"), await issue("eve"), await given("bob")], [100, "RATE_LIMITED", 100]);
  await clock.advance(1000);
  assertEquals(await given("eve"), 10);
});

pure(
  "a holder whose bucket is full again is forgotten, and however many come, few are remembered",
  async () => {
    const clock = new ManualClock();
    const rates = new HolderRates(2, 1, clock);
    for (let n = 0; n < 20_000; n++) rates.take(`first ${n}`);
    assertEquals(rates.size, 10_000);
    await clock.advance(3000);
    rates.take("later");
    assertEquals(rates.size, 1);
    assertEquals([rates.has("later"), rates.take("later"), rates.take("later"), rates.has("later")], [
      true,
      true,
      false,
      false,
    ]);
  },
);
