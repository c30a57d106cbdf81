import { expect, it } from "vitest";

import type { AgentStatus } from "../../protocol/control.ts";
import { type Looks, judgeFact } from "./judge-fact.ts";

const shows = (...states: AgentStatus["sandboxes"][number]["execution"][]): Looks => ({
  status: async () => ({ sandboxes: states.map((execution) => ({ execution })) }) as AgentStatus,
  hasProcess: () => true,
  hasHome: () => true,
  jobs: async () => undefined,
  brokerAnswers: async () => false,
});
const noneRuns = { fact: "sandboxes-running", agent: "donor", max: 0 } as const;

it.each(["spawning", "running", "killing"] as const)(
  "a job that is %s runs as long as it is not over",
  async (state) => {
    expect(await judgeFact(shows("killed", state), noneRuns)).toEqual({ holds: false, seen: state });
  },
);

it("a job that is over does not run", async () => {
  expect(await judgeFact(shows("killed", "completed", "failed"), noneRuns)).toEqual({ holds: true, seen: "none" });
});
