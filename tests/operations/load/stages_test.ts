import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { clientsAt, DEFAULT_STAGES, parseStages, runLengthMs } from "../../../src/operations/load/stages.ts";

const pure = { permissions: "none" } as const;
const stages = (text: string) => parseStages(text) ?? [];

Deno.test({
  name: "stages are straight lines, and after the last one its number stays",
  ...pure,
  fn() {
    const plan = stages("100:60,500:300,0:100");
    assertEquals(
      [0, 30_000, 60_000, 210_000, 360_000, 410_000, 460_000, 999_999].map((at) => clientsAt(plan, at)),
      [
        0,
        50,
        100,
        300,
        500,
        250,
        0,
        0,
      ],
    );
    assertEquals(runLengthMs(plan), 460_000);
  },
});

Deno.test({
  name: "the stages of the requirement take ten minutes, and nonsense is refused",
  ...pure,
  fn() {
    assertEquals(runLengthMs(stages(DEFAULT_STAGES)), 600_000);
    for (const text of ["", "100", "100:0", "100:-1", "1e3:5", "100:60,", "9999999:1", "1:99999999"]) {
      assertEquals(parseStages(text), undefined, text);
    }
  },
});

Deno.test({
  name: "law: there are never more clients than the larger end of a stage, whatever the stages",
  ...pure,
  fn() {
    const stage = fc.record({
      clients: fc.integer({ min: 0, max: 5000 }),
      seconds: fc.integer({ min: 1, max: 500 }),
    });
    fc.assert(fc.property(fc.array(stage, { minLength: 1, maxLength: 8 }), fc.nat(5_000_000), (plan, at) => {
      const wanted = clientsAt(plan, at);
      assert(wanted >= 0 && wanted <= Math.max(...plan.map(({ clients }) => clients)));
    }));
  },
});
