import { checkerOf, passed, undecided } from "../checker.ts";
import { amount, neededMs } from "../setting.ts";
import { violation } from "../story.ts";

/** Timers round. */
const roundingMs = 5;

/**
 * WC-4: a job that does not heed TERM has all of its grace, and no more of it than the deadline leaves. Settings:
 * `graceMs`; `mostMs`, by when even that one must be gone.
 */
export const graceGiven = checkerOf(
  "who does not heed TERM has its grace, and is then killed (WC-4)",
  {
    graceMs: neededMs("the least that ending the jobs takes"),
    mostMs: amount("the most that it takes", { otherwise: Infinity }),
  },
  ({ graceMs, mostMs }) => {
    let looks = 0;
    let longestMs = 0;
    return {
      on: {
        "agent.withdrawal": (record) => {
          const step = record.data.report.steps.find((one) => one.step === "terminate");
          if (step === undefined) return;
          looks += 1;
          longestMs = Math.max(longestMs, step.durationMs);
          const took = `${step.durationMs.toFixed(0)} ms`;
          if (step.durationMs < graceMs - roundingMs) {
            return violation(`jobs were ended within ${took}, and have ${graceMs} ms`, record);
          }
          if (step.durationMs > mostMs) return violation(`ending the jobs took ${took} of ${mostMs}`, record);
          return;
        },
      },
      end: () =>
        looks === 0
          ? undecided("nobody withdrew")
          : passed(`ending the jobs took ${longestMs.toFixed(0)} ms, of which ${graceMs} are their grace`),
    };
  },
);
