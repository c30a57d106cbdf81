import { defineScenario } from "houseguest";

export default defineScenario({
  name: "pause-while-jobs-come",
  title: "pauses hold while jobs keep coming, and a second agent takes the work",
  tags: ["pause"],
  stages: ["host", "sim"],
  defaults: { slots: 2, jobs: 4, cycles: 3 },
  timing: { heartbeatIntervalMs: 500, activityTimeoutMs: 5_000, requestTimeoutMs: 3_500 },
  steps: ({ slots, jobs, cycles }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "submit", batch: "work", jobs, units: 200, unitCpuMs: 5, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: slots, withinMs: 30_000 },
    {
      step: "during",
      steps: [
        {
          step: "repeat",
          times: cycles,
          steps: [
            { step: "pause", agent: "donor" },
            { step: "probe", holds: { fact: "state", agent: "donor", is: "Paused" } },
            { step: "resume", agent: "donor" },
          ],
        },
      ],
      meanwhile: [{ step: "submit", batch: "more", jobs: 1, units: 1, unitCpuMs: 5, children: 0 }],
    },
    {
      step: "together",
      branches: [
        [{ step: "withdraw", agent: "donor", deadlineMs: 10_000 }],
        [{ step: "join", agent: "relief", slots }],
      ],
    },
    { step: "wait-until", event: "agent.execution", where: { to: "running" }, agent: "relief", withinMs: 30_000 },
    { step: "eventually-within", withinMs: 5_000, holds: { fact: "home", agent: "donor", is: "gone" } },
    { step: "withdraw", agent: "relief", deadlineMs: 10_000 },
  ],
  expectations: [
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "pause-silence" },
    { checker: "withdraw-complete" },
  ],
});
