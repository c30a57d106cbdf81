import { checkerOf, passed, undecided } from "../checker.ts";
import { atLeast } from "../setting.ts";
import { violation } from "../story.ts";

/** WC-8, US-2: the scanner finds what jobs left, and lays it to nobody else. Setting: `foundMin`. */
export const residueFound = checkerOf(
  "what jobs leave is found, with whose it is (US-2)",
  { foundMin: atLeast(1, "things that jobs left") },
  ({ foundMin }) => {
    let found = 0;
    const kinds = new Set<string>();
    return {
      on: {
        "witness.residue": (record) => {
          const { location, attribution, evidence } = record.data;
          if (!record.data.found) return violation(`${location} was left, and is not among the findings`, record);
          if (attribution === "background" || attribution === "harness") {
            return violation(`${location} is laid to ${attribution}, and a job left it`, record);
          }
          found += 1;
          for (const kind of evidence) kinds.add(kind);
          return;
        },
      },
      end: () =>
        found < foundMin
          ? undecided(`${found} of ${foundMin} things were looked for`)
          : passed(`${found} things found, by ${[...kinds].sort().join(", ") || "no evidence"}`),
    };
  },
);
