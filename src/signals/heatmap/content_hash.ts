/** A 64-bit hash of text, for telling contents apart. Not for anything an adversary picks. */

const SEED_A = 0xdeadbeef, SEED_B = 0x41c6ce57;
const PRIME_A = 2654435761, PRIME_B = 1597334677, PRIME_C = 2246822507, PRIME_D = 3266489909;

/** 16 hex digits. Two 32-bit lanes mixed over the UTF-16 units (the construction of cyrb53, without its cut to 53 bits). */
export function contentHash(text: string): string {
  let a = SEED_A, b = SEED_B;
  for (let n = 0; n < text.length; n++) {
    const unit = text.charCodeAt(n);
    a = Math.imul(a ^ unit, PRIME_A);
    b = Math.imul(b ^ unit, PRIME_B);
  }
  const mixedA = Math.imul(a ^ (a >>> 16), PRIME_C) ^ Math.imul(b ^ (b >>> 13), PRIME_D);
  const mixedB = Math.imul(b ^ (b >>> 16), PRIME_C) ^ Math.imul(mixedA ^ (mixedA >>> 13), PRIME_D);
  return hex(mixedB) + hex(mixedA);
}

const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, "0");
