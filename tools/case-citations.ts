const citation = /\bcases? (\d+(?:(?:, | and | to )\d+)*)\b/g;

/**
 * The numbers of docs/cases.md that a sentence names, each once, in ascending order: «case 12», «cases 9, 46 and 69»,
 * «cases 43 to 47». Whether there is such a case is the caller's to check.
 */
export function citedCases(sentence: string): number[] {
  const numbers = new Set<number>();
  for (const [, list = ""] of sentence.matchAll(citation)) {
    for (const part of list.split(/, | and /)) {
      const [from = 0, to = from] = part.split(" to ").map(Number);
      for (let number = from; number <= to; number += 1) numbers.add(number);
    }
  }
  return [...numbers].sort((one, other) => one - other);
}
