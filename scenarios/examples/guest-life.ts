import { defineScenario } from "houseguest";

export default defineScenario({
  name: "guest-life",
  title: "any agent comes, stands still when its owner says so, goes on, and goes",
  tags: ["guest"],
  steps: ({ slots }) => [
    { step: "start-broker" },
    { step: "join", agent: "guest", slots },
    { step: "probe", holds: { fact: "process", agent: "guest", is: "running" } },
    { step: "pause", agent: "guest" },
    { step: "watch-frozen", agent: "guest", forMs: 300 },
    { step: "resume", agent: "guest" },
    { step: "withdraw", agent: "guest", deadlineMs: 120_000 },
    { step: "probe", holds: { fact: "process", agent: "guest", is: "ended" } },
  ],
  expectations: [{ checker: "pause-silence" }, { checker: "withdrawal-bound" }, { checker: "withdraw-complete" }],
});
