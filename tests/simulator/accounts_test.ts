import { assert, assertEquals, assertThrows } from "@std/assert";
import { TickcastError } from "../../src/feed/error.ts";
import {
  accountOfKey,
  OPEN_ACCOUNTS,
  parseAccounts,
  quotaOf,
} from "../../src/simulator/protocol/accounts.ts";

const EXAMPLE = new URL("../../fixtures/accounts/example.json", import.meta.url);

Deno.test("The example file is good, and its keys open their accounts", async () => {
  const accounts = parseAccounts(JSON.parse(await Deno.readTextFile(EXAMPLE)));
  assertEquals(accountOfKey(accounts, "business-second-key")?.name, "business");
  assertEquals(accountOfKey(accounts, "nobody's"), undefined);
  const individual = accountOfKey(accounts, "individual-key");
  assert(individual);
  assertEquals([quotaOf(individual, "stocks"), quotaOf(individual, "options")], [1, 1]);
});

Deno.test({
  name: "Without a file any key may do everything, three connections a market",
  permissions: "none",
  fn: () => {
    const account = accountOfKey(OPEN_ACCOUNTS, "anything");
    assert(account);
    assertEquals(quotaOf(account, "crypto"), 3);
  },
});

Deno.test({
  name: "Every problem of an accounts file is told at once, without its keys",
  permissions: "none",
  fn: () => {
    const market = { stocks: { realtime: ["T"] } };
    const error = assertThrows(() =>
      parseAccounts({
        accounts: [
          { name: "", keys: [], quota: 0, markets: { bonds: {} } },
          { name: "x", keys: ["secret-key"], policy: "lottery", markets: market, extra: 1 },
        ],
      }), TickcastError);
    for (
      const part of [
        "accounts.0.name",
        "accounts.0.keys",
        "accounts.0.quota",
        "bonds",
        "accounts.1.policy",
        "extra",
      ]
    ) {
      assert(error.message.includes(part), `${part} in ${error.message}`);
    }
    const twice = assertThrows(() =>
      parseAccounts({
        accounts: [
          { name: "x", keys: ["secret-key"], markets: market },
          { name: "x", keys: ["secret-key"], markets: market },
        ],
        anyKey: "nobody",
      }), TickcastError);
    for (const part of ["share a key", "the same name", "anyKey names no account"]) {
      assert(twice.message.includes(part), twice.message);
    }
    assert(!twice.message.includes("secret-key"));
  },
});
