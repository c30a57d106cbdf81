import { checkerOf, passed, undecided } from "../checker.ts";
import { atLeast } from "../setting.ts";
import { violation } from "../story.ts";

/** EG-2, WC-4: whatever was seen of jobs is gone when they are over, with their agent or before. Setting: `watchedMin`, processes. */
export const noneOutlive = checkerOf(
  "no process of a job is left when the job is over (EG-2)",
  { watchedMin: atLeast(1, "processes that were watched") },
  ({ watchedMin }) => {
    let watched = 0;
    let looks = 0;
    return {
      on: {
        "witness.outlived": (record) => {
          const { left, detail } = record.data;
          looks += 1;
          watched += record.data.watched;
          return left === 0 ? undefined : violation(`${left} processes are left: ${detail}`, record);
        },
      },
      end: () =>
        looks === 0 || watched < watchedMin
          ? undecided(`${watched} processes were watched, and ${watchedMin} are wanted`)
          : passed(`${watched} processes were seen, and none is left`),
    };
  },
);
