import { assertEquals, assertStrictEquals } from "@std/assert";
import * as fc from "fast-check";
import { wantedUnder, withinRights } from "../../../src/edge/admit/auth_rights.ts";
import { anonymous, mayUsePattern } from "../../../src/edge/admit/principal.ts";
import { matchesPatterns, patternList, symbolPatterns } from "../../../src/feed/symbol.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const rightsTo = (...symbols: string[]) => ({ ...anonymous("premium"), symbols: symbolPatterns(symbols) });

const CASES: readonly (readonly [wanted: string[], rights: string[], left: string[] | undefined])[] = [
  [["AAPL", "MSFT"], ["*"], ["AAPL", "MSFT"]],
  [["AAPL", "MSFT"], ["AAPL"], ["AAPL"]],
  [["AAPL"], ["MSFT"], undefined],
  [["*"], ["AAPL", "X:*"], ["AAPL", "X:*"]],
  [["*"], [], undefined],
  [["X:*"], ["X:BTC-USD", "AAPL"], ["X:BTC-USD"]],
  [["X:BTC*"], ["X:*"], ["X:BTC*"]],
  [["A*", "MSFT"], ["AAPL", "AB*", "MS*"], ["AAPL", "AB*", "MSFT"]],
  [["A*"], ["B*"], undefined],
];

pure("what is left of a subscription is what both it and the rights name", () => {
  for (const [wanted, rights, left] of CASES) {
    const found = withinRights(symbolPatterns(wanted), rightsTo(...rights));
    assertEquals(found && patternList(found), left, `${wanted} under ${rights}`);
  }
});

pure("law: a symbol is left exactly when it is wanted and allowed", () => {
  const pattern = fc.stringMatching(/^[AB]{1,3}\*?$/);
  const list = fc.array(pattern, { maxLength: 4 });
  fc.assert(fc.property(list, list, fc.stringMatching(/^[AB]{1,4}$/), (wanted, rights, symbol) => {
    const principal = rightsTo(...rights);
    const left = withinRights(symbolPatterns(wanted), principal);
    const isLeft = left !== undefined && matchesPatterns(left, symbol);
    return isLeft === (matchesPatterns(symbolPatterns(wanted), symbol) && mayUsePattern(principal, symbol));
  }));
});

pure("nothing taken away is the very same, and streams and tiers count too", () => {
  const patterns = symbolPatterns(["AAPL"]);
  assertStrictEquals(withinRights(patterns, rightsTo("A*")), patterns);
  const wanted = { patterns, mode: "all" as const, maxHz: undefined, fields: undefined };
  assertEquals(wantedUnder(wanted, "tick", { ...anonymous("free") })?.mode, "latest");
  assertEquals(
    wantedUnder(wanted, "tick", { ...anonymous("premium"), streams: new Set(["minute"]) }),
    undefined,
  );
});
