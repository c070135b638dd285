import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { silentLog } from "../../src/feed/log.ts";
import { type Account, type AccountsInput, parseAccounts } from "../../src/simulator/protocol/accounts.ts";
import { QuotaBook } from "../../src/simulator/protocol/quota.ts";
import { startSimulator } from "../../src/simulator/start_simulator.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { MassiveClient } from "../support/massive_client.ts";

const plan = { realtime: ["T"], business: ["FMV"] };
const accounts = (policy: "evict-oldest" | "refuse-newest" | "random", quota = 1): AccountsInput => ({
  accounts: [
    { name: "a", keys: ["a1", "a2"], quota, policy, markets: { stocks: plan, crypto: { realtime: ["XT"] } } },
    { name: "b", keys: ["b1"], quota, policy, markets: { stocks: plan } },
  ],
});

Deno.test("The quota is one of the account: keys and hosts share it, markets and other accounts have their own", async () => {
  await using simulator = await startSimulator({ accounts: accounts("evict-oldest") }, {
    clock: new ManualClock(),
    log: silentLog,
  });
  await using realtime = await MassiveClient.subscribed(`${simulator.url}/stocks`, "T.*", "a1");
  await using crypto = await MassiveClient.subscribed(`${simulator.url}/crypto`, "XT.*", "a1");
  await using other = await MassiveClient.subscribed(`${simulator.url}/stocks`, "T.*", "b1");
  await using business = await MassiveClient.subscribed(`${simulator.url}/business/stocks`, "FMV.*", "a2");
  assertEquals(await realtime.ending(), { code: 1008, reason: "" });
  await Promise.all([crypto, other, business].map((client) => client.caughtUp()));
  assertEquals(simulator.state().slots, 3);
});

Deno.test("refuse-newest: the newcomer is told after auth_success, the older one streams on", async () => {
  await using simulator = await startSimulator({ accounts: accounts("refuse-newest") }, {
    clock: new ManualClock(),
    log: silentLog,
  });
  await using older = await MassiveClient.subscribed(`${simulator.url}/stocks`, "T.*", "a1");
  await using newcomer = await MassiveClient.open(`${simulator.url}/stocks`);
  newcomer.auth("a1");
  assertEquals((await newcomer.ending()).code, 1008);
  assertEquals(newcomer.statuses[1], "auth_success: authenticated");
  assertEquals(newcomer.of("status").at(-1)?.status, "max_connections");
  await older.caughtUp();
});

Deno.test("The verdict on a newcomer can wait for its acknowledgements", async () => {
  await using simulator = await startSimulator({
    accounts: accounts("refuse-newest"),
    behaviour: { quotaAfter: "acks" },
  }, { clock: new ManualClock(), log: silentLog });
  await using _older = await MassiveClient.subscribed(`${simulator.url}/stocks`, "T.*", "a1");
  await using newcomer = await MassiveClient.open(`${simulator.url}/stocks`);
  newcomer.auth("a1");
  newcomer.subscribe("T.SPY");
  assertEquals((await newcomer.ending()).code, 1008);
  assertEquals(newcomer.of("status").map(({ status }) => status), [
    "connected",
    "auth_success",
    "success",
    "max_connections",
  ]);
});

Deno.test("random: sometimes the older, sometimes the newcomer", async () => {
  const draws = [0.1, 0.9];
  await using simulator = await startSimulator({ accounts: accounts("random") }, {
    clock: new ManualClock(),
    log: silentLog,
    random: () => draws.shift() ?? 0,
  });
  await using first = await MassiveClient.subscribed(`${simulator.url}/stocks`, "T.*", "a1");
  await using second = await MassiveClient.subscribed(`${simulator.url}/stocks`, "T.*", "a1");
  assertEquals((await first.ending()).code, 1008);
  await using third = await MassiveClient.open(`${simulator.url}/stocks`);
  third.auth("a1");
  assertEquals((await third.ending()).code, 1008);
  await second.caughtUp();
});

Deno.test("A client that closes properly frees its slot at once", async () => {
  await using simulator = await startSimulator({
    accounts: accounts("refuse-newest"),
    behaviour: { slotReleaseMs: 60_000 },
  }, { clock: new ManualClock(), log: silentLog });
  const first = await MassiveClient.subscribed(`${simulator.url}/stocks`, "T.*", "a1");
  await first.close();
  await using second = await MassiveClient.subscribed(`${simulator.url}/stocks`, "T.*", "a1");
  await second.caughtUp();
});

Deno.test({
  name: "However they come and go, no account ever holds more live slots than its quota",
  permissions: "none",
  fn: () => {
    const policies = fc.constantFrom("evict-oldest" as const, "refuse-newest" as const, "random" as const);
    const action = fc.record({
      kind: fc.constantFrom("take", "leave"),
      account: fc.nat(1),
      which: fc.nat(20),
    });
    fc.assert(
      fc.property(
        policies,
        fc.integer({ min: 1, max: 3 }),
        fc.array(action),
        fc.nat(),
        (policy, quota, actions, seed) => {
          const book = new QuotaBook(new ManualClock(), () => (seed % 10) / 10);
          const known: Account[] = parseAccounts(accounts(policy, quota)).accounts;
          const live = new Map<string, Map<number, ReturnType<QuotaBook["take"]>>>();
          for (const [n, { kind, account: which, which: leaving }] of actions.entries()) {
            const account = known[which];
            if (!account) continue;
            const held = live.get(account.name) ?? new Map();
            live.set(account.name, held);
            if (kind === "take") {
              const slot = book.take(account, "stocks", () => held.delete(n));
              if (slot.evict) held.set(n, slot);
            } else {
              const [id, slot] = [...held][leaving % Math.max(1, held.size)] ?? [];
              if (id !== undefined && slot) {
                held.delete(id);
                book.release(slot, 0);
              }
            }
            assertEquals(held.size <= quota, true);
          }
          assertEquals(book.taken, [...live.values()].reduce((sum, held) => sum + held.size, 0));
        },
      ),
    );
  },
});
