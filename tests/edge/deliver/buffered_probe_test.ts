import { assertEquals } from "@std/assert";
import { BufferedProbe, UNASKED_MAX_BYTES } from "../../../src/edge/deliver/buffered_probe.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** A probe of a transport that holds what a test says. */
function scene() {
  const transport = {
    held: 0,
    asked: 0,
    buffered() {
      this.asked++;
      return this.held;
    },
  };
  return { transport, probe: new BufferedProbe(transport) };
}

pure("a transport that held nothing is asked again only once enough was handed over", () => {
  const { transport, probe } = scene();
  assertEquals([probe.roughly(), transport.asked], [0, 1], "nothing is known before the first question");
  for (let n = 0; n < 4; n++) {
    probe.handed(UNASKED_MAX_BYTES / 4 - 1);
    assertEquals(probe.roughly(), 0);
  }
  assertEquals(transport.asked, 1);
  probe.handed(4);
  transport.held = 700;
  assertEquals([probe.roughly(), transport.asked], [700, 2]);
});

pure("a transport that holds something is asked every time until it holds nothing", () => {
  const { transport, probe } = scene();
  transport.held = 1;
  assertEquals([probe.roughly(), probe.roughly(), transport.asked], [1, 1, 2]);
  transport.held = 0;
  assertEquals([probe.roughly(), probe.roughly(), transport.asked], [0, 0, 3]);
});

pure("an exact answer is always asked for, and known from then on", () => {
  const { transport, probe } = scene();
  probe.roughly();
  transport.held = 5;
  assertEquals([probe.roughly(), probe.exactly(), probe.roughly()], [0, 5, 5]);
});
