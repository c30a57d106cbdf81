import type { ScenarioExpectation } from "../checkers/registry.ts";

/** What is expected wherever agents withdraw, whatever they went through before. */
export function expectedOfLeaving({ reportsMin = 1 } = {}): readonly ScenarioExpectation[] {
  return [
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "no-lost-job" },
    { checker: "withdrawal-measured", settings: { reportsMin } },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
    { checker: "shutdown-once" },
    { checker: "key-revoked" },
  ];
}
