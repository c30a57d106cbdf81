import { checkerOf, failed, passed, type RecordOf, undecided } from "../checker.ts";
import { violation } from "../story.ts";

/**
 * WC-16: a revocation that no answer of the broker's confirmed is reported as deferred, whatever is true. For runs in
 * which the first to withdraw hears no such answer.
 */
export const deferredTold = checkerOf("what nobody confirmed is not claimed (WC-16)", () => {
  let first: RecordOf<"agent.withdrawal"> | null = null;
  return {
    on: {
      "agent.withdrawal": (record) => {
        first ??= record;
      },
    },
    end() {
      if (first === null) return undecided("nobody withdrew");
      const { keyRevoked, leasesDeferred } = first.data.report;
      if (keyRevoked === "deferred") return passed(`the key deferred, ${leasesDeferred} leases deferred`);
      return failed(violation(`the key is told to be ${keyRevoked}, and no answer said so`, first));
    },
  };
});
