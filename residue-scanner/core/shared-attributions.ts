import type { Evidence } from "../../protocol/residue-report.ts";
import type { Attribution } from "./process-attribution.ts";

/**
 * Keeps what is said of many things once: of 20,000 files that one process made, the same is said in a hundred ways, by
 * the tenth of a second; each time in words of its own it takes 20 MiB.
 */
export class SharedAttributions {
  readonly #evidence = new Map<string, NumberedEvidence[]>();
  readonly #attributions = new Map<string, Attribution>();
  #numbers = 0;

  /** The same in every word; the very object that was given for an earlier one in these words. */
  shared({ to, evidence }: Attribution): Attribution {
    const known = evidence.map((each) => this.#known(each));
    const key = `${to} ${known.map(({ number }) => number).join(" ")}`;
    const earlier = this.#attributions.get(key);
    if (earlier !== undefined) return earlier;
    const kept = { to, evidence: known.map((each) => each.evidence) };
    this.#attributions.set(key, kept);
    return kept;
  }

  #known(evidence: Evidence): NumberedEvidence {
    const sameWords = this.#evidence.get(evidence.detail) ?? [];
    const earlier = sameWords.find((each) => each.evidence.kind === evidence.kind);
    if (earlier !== undefined) return earlier;
    const kept = { evidence, number: (this.#numbers += 1) };
    this.#evidence.set(evidence.detail, [...sameWords, kept]);
    return kept;
  }
}

interface NumberedEvidence {
  readonly evidence: Evidence;
  readonly number: number;
}
