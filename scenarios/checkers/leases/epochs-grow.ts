import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { atLeast } from "../setting.ts";
import { violation } from "../story.ts";

/**
 * I1: a job's epochs grow from grant to grant, whatever the broker's store forgot in between (docs/cases.md, case 9).
 * Setting: `lossesMin` (default 1), how many times it is to have forgotten.
 */
export const epochsGrow = checkerOf(
  "epochs grow even if the store forgets (I1)",
  { lossesMin: atLeast(1, "times that it forgets") },
  ({ lossesMin }) => {
    const last = new Map<string, RecordOf<"broker.offered">>();
    let losses = 0;
    let again = 0;
    return {
      on: {
        "broker.offered": (record) => {
          const { jobId, epoch } = record.data;
          const before = last.get(jobId);
          last.set(jobId, record);
          if (before === undefined) return null;
          again += 1;
          if (epoch > before.data.epoch) return null;
          return violation(`${jobId} was granted under epoch ${epoch} after ${before.data.epoch}`, before, record);
        },
        "fault.applied": (record) => {
          if (record.data.fault === "lose-store") losses += 1;
        },
      },
      end() {
        const figures = `${again} further grants, each under a later epoch, over ${losses} losses of the store`;
        return again === 0 || losses < lossesMin ? undecided(`${figures}; more were to be`) : passed(figures);
      },
    };
  },
);
