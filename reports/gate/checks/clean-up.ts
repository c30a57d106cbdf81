import { failed, type RunCheck } from "../run-check.ts";

/** The harness's own: whether it undid all that it did. */
export const cleanUpCheck: RunCheck = {
  check: "clean-up",
  subject: "the harness undid all that it did",
  judge({ verdict: { cleanUp } }) {
    const told = cleanUp.notUndone.map(({ what, why, finishWith }) =>
      failed(`${what}: ${why}; finish with ${finishWith}`),
    );
    if (told.length > 0 || cleanUp.result === "pass") return told;
    return [failed("it says that something was not undone, and not what")];
  },
};
