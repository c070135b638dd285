import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { arrayElements, objectMembers } from "../../src/simulator/replay/raw_json.ts";
import { readReplayLine } from "../../src/simulator/replay/replay_line.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

pure("Events keep every digit and space they had", () => {
  const event = '{"ev":"FMV", "fmv":509.9170,"sym":"MSFT","t":1760646477151120843,"x":[1.50,{"a":"]},"}]}';
  const line =
    `{"at":1760646477152,"feed":"business","events":[ ${event} ,{"ev":"FMV","sym":"X:BTC-USD","t":1e3}]}`;
  const read = readReplayLine(line);
  assert("frame" in read);
  assertEquals(read.frame.events, [
    { market: "stocks", host: "business", prefix: "FMV", symbol: "MSFT", text: event },
    {
      market: "stocks",
      host: "business",
      prefix: "FMV",
      symbol: "BTC-USD",
      text: '{"ev":"FMV","sym":"X:BTC-USD","t":1e3}',
    },
  ]);
  assertEquals(read.frame.at, 1760646477152);
});

pure("The feed says which host and market a frame is of", () => {
  for (
    const [feed, market, host] of [
      ["stocks", "stocks", "realtime"],
      ["business", "stocks", "business"],
      ["crypto", "crypto", "realtime"],
      ["business/crypto", "crypto", "business"],
    ]
  ) {
    const read = readReplayLine(`{"at":1,"feed":"${feed}","events":[{"ev":"E","pair":"P"}]}`);
    assert("frame" in read);
    assertEquals([read.frame.events[0]?.market, read.frame.events[0]?.host], [market, host]);
  }
});

pure("What is wrong with a line is said, and nothing of it is taken", () => {
  const cases: [line: string, problem: string][] = [
    ["", "no JSON"],
    ['{"at":1,"feed":"stocks","events":[', "no JSON"],
    ["[]", "no JSON object"],
    ["null", "no JSON object"],
    ['{"at":"1","feed":"stocks","events":[]}', "`at` is no time in Unix ms"],
    ['{"at":1.5,"feed":"stocks","events":[]}', "`at` is no time in Unix ms"],
    ['{"at":1,"feed":"bonds","events":[]}', "`feed` is none of stocks, business, crypto, business/crypto"],
    ['{"at":1,"feed":"stocks","events":{}}', "`events` is no array"],
    ['{"at":1,"feed":"stocks"}', "`events` is no array"],
    [
      '{"at":1,"feed":"stocks","events":[{"ev":"T","sym":"A"},{"ev":"T"}]}',
      "event 2 has no type or no symbol",
    ],
    ['{"at":1,"feed":"stocks","events":[null]}', "event 1 has no type or no symbol"],
  ];
  for (const [line, problem] of cases) assertEquals(readReplayLine(line), { problem }, line);
});

const json = fc.json({ maxDepth: 4 });

pure("Taking JSON apart loses nothing: the parts are the elements and members, text for text", () => {
  fc.assert(
    fc.property(fc.array(json), fc.array(fc.constantFrom("", " ", "\n\t")), (texts, spaces) => {
      const space = (n: number) => spaces[n % Math.max(1, spaces.length)] ?? "";
      const joined = texts.map((text, n) => `${space(n)}${text}${space(n + 1)}`).join(",");
      assertEquals(arrayElements(`[${joined}]`), texts.map((text) => text.trim()));
    }),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), json, { noNullPrototype: true }), (members) => {
      const text = `{${
        Object.entries(members).map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(" , ")
      }}`;
      assertEquals(
        objectMembers(text),
        new Map(Object.entries(members).map(([name, value]) => [name, value.trim()])),
      );
    }),
  );
});

pure("No line throws, and a line taken has as many events as its JSON", () => {
  const event = fc.oneof(
    fc.record({ ev: fc.string(), sym: fc.string(), t: fc.bigInt({ min: 0n, max: 10n ** 19n }).map(Number) }),
    fc.anything(),
  );
  const whole = fc.record({
    at: fc.oneof(fc.integer(), fc.anything()),
    feed: fc.oneof(fc.constantFrom("stocks", "business", "crypto", "business/crypto"), fc.string()),
    events: fc.oneof(fc.array(event), fc.anything()),
  });
  const line = fc.oneof(
    fc.string(),
    json,
    whole.map((value) => {
      try {
        return JSON.stringify(value) ?? "";
      } catch {
        return "";
      }
    }),
    fc.tuple(json, fc.nat(40)).map(([text, cut]) => text.slice(0, cut)),
  );
  fc.assert(
    fc.property(line, (text) => {
      const read = readReplayLine(text);
      if ("problem" in read) return;
      const { events } = JSON.parse(text);
      assertEquals(read.frame.events.map((each) => JSON.parse(each.text)), events);
    }),
    { numRuns: 2000 },
  );
});
