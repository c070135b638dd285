/** The verdict over filtering clients. */
import type { LoadFigures } from "./load_figures.ts";
import type { Stretch, Witness } from "./witness.ts";

/** What filtering clients got against what there was for them. */
export function judge(stretches: readonly Stretch[], witness: Witness, { totals }: LoadFigures): void {
  for (const stretch of stretches) {
    const expected = witness.expected(stretch);
    if (expected === undefined) totals.unverifiable++;
    else {
      totals.verified++;
      totals.undetected += Math.abs(expected - stretch.received);
    }
  }
}
