import { checkerOf, passed, undecided } from "../checker.ts";
import { violation } from "../story.ts";

/** What the agent's process may take to end after its withdrawal has, in milliseconds. */
export const exitMsMax = 1_000;

/** L1, WC-11: a withdrawal ends within its deadline, though the broker never comes back. */
export const withdrawalBound = checkerOf("every withdrawal ends within its deadline (L1)", () => {
  let seen = 0;
  let slowestMs = 0;
  return {
    on: {
      "witness.withdrawn": (record) => {
        const { tookMs, deadlineMs } = record.data;
        seen += 1;
        slowestMs = Math.max(slowestMs, tookMs);
        if (tookMs <= deadlineMs + exitMsMax) return;
        return violation(`a withdrawal took ${tookMs.toFixed(0)} ms of ${deadlineMs} (L1)`, record);
      },
    },
    end: () =>
      seen === 0
        ? undecided("no witness saw a withdrawal")
        : passed(`${seen} withdrawals, the slowest ${slowestMs.toFixed(0)} ms`),
  };
});
