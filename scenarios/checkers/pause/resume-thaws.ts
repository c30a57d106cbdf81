import { checkerOf, passed, undecided } from "../checker.ts";
import { violation } from "../story.ts";

/** WC-3: when a resume is answered, work goes on: a witness sees no process of a sandbox stopped any more. */
export const resumeThaws = checkerOf("a resume lets every process go on (WC-3)", () => {
  let looks = 0;
  let seen = 0;
  return {
    on: {
      "witness.resume": (record) => {
        const { stopped, processes } = record.data;
        if (stopped === undefined || processes === 0) return;
        looks += 1;
        seen += processes;
        if (stopped === 0) return;
        return violation(
          `${stopped} of ${processes} processes were still stopped when the resume was answered`,
          record,
        );
      },
    },
    end: () =>
      looks === 0 ? undecided("no witness looked at a resume") : passed(`${looks} resumes of ${seen} processes in all`),
  };
});
