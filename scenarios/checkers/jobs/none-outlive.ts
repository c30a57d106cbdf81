import { checkerOf, passed, undecided } from "../checker.ts";
import { atLeast } from "../setting.ts";
import { violation } from "../story.ts";

/** EG-2, WC-4: whatever was seen of an agent's jobs is gone with it. Setting: `watchedMin`, processes. */
export const noneOutlive = checkerOf(
  "no process of a job outlives its agent (EG-2)",
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
          return left === 0 ? undefined : violation(`${left} processes outlive their agent: ${detail}`, record);
        },
      },
      end: () =>
        looks === 0 || watched < watchedMin
          ? undecided(`${watched} processes were watched, and ${watchedMin} are wanted`)
          : passed(`${watched} processes were seen, and none is left`),
    };
  },
);
