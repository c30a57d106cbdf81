import { checkerOf, passed, undecided } from "../checker.ts";
import { violation } from "../story.ts";

/** I7: after Withdrawn the broker refuses the key. */
export const keyRevoked = checkerOf("the broker refuses the revoked key (I7)", () => {
  let tries = 0;
  return {
    on: {
      "witness.revoked-key": (record) => {
        const { status, code } = record.data;
        tries += 1;
        if (status === 401 && code === "revoked") return;
        return violation(`a request with it was answered ${status} ${code}`, record);
      },
    },
    end: () =>
      tries === 0 ? undecided("the key was not tried") : passed(`${tries} signed requests answered 401 revoked`),
  };
});
