import { assert, assertEquals, assertRejects } from "@std/assert";
import { systemClock } from "../../src/feed/clock.ts";
import { silentLog } from "../../src/feed/log.ts";
import { FlowControl } from "../../src/simulator/flow_control.ts";
import { MarketGenerator } from "../../src/simulator/generator/generator.ts";
import { driveGenerator } from "../../src/simulator/generator/generator_driver.ts";
import { DEFAULT_GENERATOR } from "../../src/simulator/generator/generator_options.ts";
import { Hub } from "../../src/simulator/hub.ts";
import { normalBehaviour } from "../../src/simulator/protocol/behaviour.ts";
import { startSimulator } from "../../src/simulator/start_simulator.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { eventually, MassiveClient } from "../support/massive_client.ts";

function driven(speed: number) {
  const clock = new ManualClock();
  const hub = new Hub();
  const generator = new MarketGenerator(DEFAULT_GENERATOR, clock.now(), normalBehaviour());
  const stop = new AbortController();
  const flow = new FlowControl(hub, clock, () => true);
  const done = driveGenerator(generator, { hub, clock, flow }, speed, stop.signal);
  return { clock, generator, stop, done, start: clock.now() };
}

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

pure("The market keeps the clock's time, or a multiple of it", async () => {
  for (const speed of [1, 10, 0.5]) {
    const { clock, generator, stop, done, start } = driven(speed);
    await clock.advance(4000);
    assertEquals(generator.now - start, 4000 * speed);
    stop.abort();
    await assertRejects(() => done);
    assertEquals(clock.pending, 0);
  }
});

pure("The wall clock may jump: the market goes on as time passes", async () => {
  const { clock, generator, stop, done, start } = driven(1);
  await clock.advance(1000);
  clock.jump(start - 3_600_000);
  await clock.advance(1000);
  assertEquals(generator.now - start, 2000);
  stop.abort();
  await assertRejects(() => done);
});

pure("After a long pause of the machine the market goes on from there instead of catching up", async () => {
  const clock = new ManualClock();
  let frozenMs = 0;
  const machine = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic() + frozenMs,
    sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms, signal),
    timer: (ms: number, fn: () => void) => clock.timer(ms, fn),
    interval: (ms: number, fn: () => void) => clock.interval(ms, fn),
  };
  const hub = new Hub();
  const generator = new MarketGenerator(DEFAULT_GENERATOR, 0, normalBehaviour());
  const stop = new AbortController();
  const flow = new FlowControl(hub, machine, () => true);
  const done = driveGenerator(generator, { hub, clock: machine, flow }, 1, stop.signal);
  await clock.advance(1000);
  frozenMs = 3_600_000;
  await clock.advance(1000);
  assert(generator.now <= 2000, `${generator.now}`);
  stop.abort();
  await assertRejects(() => done);
});

Deno.test("At speed 0 the market runs as fast as it is read, and no faster than it is let", async () => {
  let allowed = 200;
  await using simulator = await startSimulator({ speed: 0, mayContinue: () => allowed-- > 0 }, {
    clock: systemClock,
    log: silentLog,
  });
  await using client = await MassiveClient.subscribed(`${simulator.url}/stocks`, "T.*,A.*");
  allowed = 200;
  await eventually(() => allowed < -5, "the market to be held back");
  await client.caughtUp();
  const made = simulator.state().events;
  await eventually(() => allowed < -20, "more questions");
  assertEquals(simulator.state().events, made);
  assertEquals(client.of("T").length + client.of("A").length, made);
});

Deno.test("The same seed over the wire is the same market, event by event", async () => {
  const heard = async () => {
    const clock = new ManualClock();
    await using simulator = await startSimulator({ seed: 42, symbols: 10, rate: 300 }, {
      clock,
      log: silentLog,
    });
    await using client = await MassiveClient.subscribed(`${simulator.url}/stocks`, "T.*,A.*,AM.*");
    await clock.advance(5000);
    await client.caughtUp();
    return client.elements;
  };
  const [first, second] = [await heard(), await heard()];
  assert(first.length > 500);
  assertEquals(first, second);
});
