import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { addressKey, clientAddress, trustedRanges } from "../../../src/edge/admit/client_address.ts";
import { isInRange, parseIp, parseRange } from "../../../src/edge/admit/ip_address.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const key = (text: string) => addressKey(parseIp(text) ?? []);

pure("addresses are read strictly and in every spelling", () => {
  const good: readonly (readonly [string, string])[] = [
    ["1.2.3.4", "1.2.3.4"],
    ["0.0.0.0", "0.0.0.0"],
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["::FFFF:102:304", "1.2.3.4"],
    ["::1", "0000000000000000"],
    ["2001:db8::1", "20010db800000000"],
    ["2001:0DB8:0:0:ffff::", "20010db800000000"],
    ["1:2:3:4:5:6:7:8", "0001000200030004"],
  ];
  for (const [text, expected] of good) assertEquals(key(text), expected, text);
  const bad = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4 ",
    "1.2.3.4:80",
    "[::1]",
    "::1%eth0",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "g::1",
    "localhost",
    "unknown",
    "1:2:3:4:5:6:7:8::",
    "x".repeat(10_000),
  ];
  for (const text of bad) assertEquals(parseIp(text), undefined, text.slice(0, 30));
});

pure("ranges hold what they say and nothing else", () => {
  const cases: readonly (readonly [range: string, address: string, isIn: boolean])[] = [
    ["10.0.0.0/8", "10.255.1.2", true],
    ["10.0.0.0/8", "11.0.0.0", false],
    ["192.168.1.128/25", "192.168.1.127", false],
    ["192.168.1.128/25", "192.168.1.200", true],
    ["0.0.0.0/0", "8.8.8.8", true],
    ["127.0.0.1", "127.0.0.1", true],
    ["127.0.0.1", "127.0.0.2", false],
    ["fd00::/8", "fdab::1", true],
    ["fd00::/8", "10.0.0.1", false],
  ];
  for (const [range, address, isIn] of cases) {
    const parsed = parseRange(range);
    assertEquals(
      parsed !== undefined && isInRange(parseIp(address) ?? [], parsed),
      isIn,
      `${address} in ${range}`,
    );
  }
  for (const text of ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "/8", "::/129", "10.0.0.0/x"]) {
    assertEquals(parseRange(text), undefined, text);
  }
});

const OURS = trustedRanges(["10.0.0.0/8", "127.0.0.1"]);

const CHAINS: readonly (readonly [
  name: string,
  remote: string | undefined,
  header: string | null,
  key: string | undefined,
])[] = [
  ["no proxy", "9.9.9.9", null, "9.9.9.9"],
  ["a stranger's header counts for nothing", "9.9.9.9", "1.1.1.1", "9.9.9.9"],
  ["our proxy's word counts", "10.0.0.1", "1.1.1.1", "1.1.1.1"],
  [
    "what the client wrote before our proxy did counts for nothing",
    "10.0.0.1",
    "6.6.6.6, 1.1.1.1",
    "1.1.1.1",
  ],
  ["two proxies of ours", "10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"],
  ["our proxy says nothing", "10.0.0.1", null, "10.0.0.1"],
  ["our proxy says what is no address", "10.0.0.1", "unknown", "10.0.0.1"],
  ["an empty header", "10.0.0.1", "", "10.0.0.1"],
  ["only our own in the chain", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
  ["a header too long to be honest", "10.0.0.1", "1.1.1.1,".repeat(1000), "10.0.0.1"],
  ["IPv6 clients are their /64", "10.0.0.1", "2001:db8:1:2:3:4:5:6", "20010db800010002"],
  ["no address at all", undefined, "1.1.1.1", undefined],
];

for (const [name, remote, header, expected] of CHAINS) {
  pure(`clientAddress(): ${name}`, () => assertEquals(clientAddress(remote, header, OURS), expected));
}

pure("fuzz: no header makes a stranger somebody else, nor throws", () => {
  fc.assert(fc.property(fc.string(), (header) => clientAddress("9.9.9.9", header, OURS) === "9.9.9.9"));
  fc.assert(fc.property(fc.string(), fc.string(), (remote, header) => {
    clientAddress(remote, header, OURS);
    parseRange(remote);
    return true;
  }));
});
