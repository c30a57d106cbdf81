import { type Checker, failed, passed, recordsOf, undecided } from "./checker.ts";

/** I7: after Withdrawn the broker refuses the key. */
export const keyRevoked: Checker = {
  title: "the broker refuses the revoked key (I7)",
  judge(history) {
    const tries = recordsOf(history, "witness.revoked-key");
    if (tries.length === 0) return undecided("the key was not tried");
    const taken = tries.find((record) => record.data.status !== 401 || record.data.code !== "revoked");
    if (taken !== undefined) return failed(`a request with it was answered ${taken.data.status} ${taken.data.code}`);
    return passed(`${tries.length} signed requests answered 401 revoked`);
  },
};
