/** What `/metrics` says, read as a scraper reads it. */
import { assertEquals } from "@std/assert";

/** A sample's value by its name with labels, as it stands in the exposition. */
export type Samples = ReadonlyMap<string, number>;

/** Reads an exposition in Prometheus' text form. */
export function readSamples(text: string): Samples {
  return new Map(
    text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

/** One scrape of the instance at `base`. */
export async function scrapeMetrics(base: string): Promise<Samples> {
  return readSamples(await (await fetch(`${base}/metrics`)).text());
}

/** The sum of all samples that begin with `name` (its labels or some of them included), over several instances. */
export async function metricTotal(bases: readonly string[], name: string): Promise<number> {
  const scrapes = await Promise.all(bases.map(scrapeMetrics));
  return scrapes.flatMap((samples) => [...samples]).filter(([sample]) => sample.startsWith(name))
    .reduce((sum, [, value]) => sum + value, 0);
}

/** These samples are there with these values. */
export function assertSamples(samples: Samples, expected: Readonly<Record<string, number>>): void {
  const found = Object.keys(expected).map((name) => [name, samples.get(name)]);
  assertEquals(Object.fromEntries(found), expected);
}
