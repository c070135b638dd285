/**
 * Which US stock prints may set a high, a low or the last price. By the consolidated tapes' rules an average-price or
 * contingent print counts for volume only: taken at face value it would be a session high nobody could trade at.
 * Source: the condition table Massive publishes (`/v3/reference/conditions`, glossary "Conditions and Indicators") after the
 * CTA and UTP plans' participant specifications. Crypto conditions only tell the side and restrict nothing.
 *
 * On purpose otherwise than the tapes: an odd lot (37) counts. It is a real trade at a price of its own; the tapes leave it
 * out of high and low for its size alone, and today it is the usual trade in a stock of three or four digits.
 */

/** Average price, cash sale, sold out of sequence (extended), official close and open, next day, price variation, contingent. */
const SETS_NOTHING = new Set([2, 7, 13, 15, 16, 20, 21, 52, 53]);

/** Form T: a print outside regular hours; there it is the norm, inside it is late. */
const EXTENDED_HOURS = 12;

/** Bunched sold, derivatively priced, prior reference price, seller, sold out and out of sequence: high and low, but not last. */
const NOT_LAST = new Set([5, 10, 22, 29, 32, 33]);

/** Restatements of a price already printed: their size is not new volume. */
const NO_VOLUME = new Set([15, 16, 38]);

/** What one print may change. */
export interface PrintEffects {
  readonly setsHighLow: boolean;
  readonly setsLast: boolean;
  readonly addsVolume: boolean;
}

const EVERYTHING: PrintEffects = { setsHighLow: true, setsLast: true, addsVolume: true };

/** The effects of a stock print's conditions; `extendedHours` when it falls in the pre-market or after hours. */
export function effectsOf(conditions: readonly number[] | undefined, extendedHours: boolean): PrintEffects {
  if (conditions === undefined || conditions.length === 0) return EVERYTHING;
  let setsHighLow = true, setsLast = true, addsVolume = true;
  for (const condition of conditions) {
    if (SETS_NOTHING.has(condition) || (condition === EXTENDED_HOURS && !extendedHours)) setsHighLow = false;
    if (NOT_LAST.has(condition)) setsLast = false;
    if (NO_VOLUME.has(condition)) addsVolume = false;
  }
  return { setsHighLow, setsLast: setsLast && setsHighLow, addsVolume };
}
