/** The 16-minute recording beside the project (2013-10-07, around the opening bell), as events in the order they came. */
import type { SymbolEvent } from "../../src/feed/event.ts";
import { WIRE_SHAPES } from "../../src/feed/wire_fields.ts";

const RECORDING = new URL("../../../shared/market/2013-10-07-open.ndjson.gz", import.meta.url);

/** Whether it is here; it is not part of the project. */
export const hasRecording = await Deno.stat(RECORDING).then(() => true, () => false);

interface WireFrame {
  readonly at: number;
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

const shapes = new Map(WIRE_SHAPES.stocks.map((shape) => [shape.ev, shape]));

function eventOf(wire: Readonly<Record<string, unknown>>, rx: number): SymbolEvent {
  const shape = shapes.get(String(wire.ev));
  if (shape === undefined) throw new Error(`Cannot read the recording as ${wire.ev} is no event of it`);
  const event: Record<string, unknown> = { type: shape.type, sym: wire[shape.symbolField], rx };
  const time = Number(wire[shape.timeField]);
  event.t = shape.type === "fmv" ? Math.floor(time / 1e6) : time;
  for (const [name, value] of Object.entries(wire)) {
    const ours = shape.fields.get(name);
    if (ours !== undefined) event[ours] = value;
  }
  return event as SymbolEvent;
}

/** All of it, 36 000 events. */
export async function readRecording(): Promise<readonly SymbolEvent[]> {
  const file = await Deno.open(RECORDING);
  const text = await new Response(file.readable.pipeThrough(new DecompressionStream("gzip"))).text();
  return text.trimEnd().split("\n").flatMap((line) => {
    const frame = JSON.parse(line) as WireFrame;
    return frame.events.map((wire) => eventOf(wire, frame.at));
  });
}
