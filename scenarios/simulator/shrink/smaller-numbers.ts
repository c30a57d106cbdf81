/**
 * Numbers to put in the place of a positive one, the boldest first: the least allowed, half of it, then it rounded down
 * to one digit, to two, to three. Every one is smaller, so that whoever goes on replacing comes to an end.
 */
export function smallerNumbers(value: number, { min }: { readonly min: number }): readonly number[] {
  const candidates = [min, roundedDown(value / 2, 1), ...[1, 2, 3].map((digits) => roundedDown(value, digits))];
  return [...new Set(candidates)].filter((candidate) => candidate >= min && candidate < value);
}

function roundedDown(value: number, digits: number): number {
  if (value < 1) return 0;
  const unit = Math.max(1, 10 ** (Math.floor(Math.log10(value)) + 1 - digits));
  return Math.floor(value / unit) * unit;
}
