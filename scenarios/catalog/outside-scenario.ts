import type { Scenario } from "../steps/scenario.ts";
import type { Step, StepOf } from "../steps/step.ts";
import { briskTiming } from "./brisk-timing.ts";
import { expectedOfLeaving } from "./expected-of-leaving.ts";

const withdrawDeadlineMs = 10_000;

type Told = Pick<Scenario, "name" | "title" | "description" | "requirements" | "tags"> &
  Pick<Scenario, "needs" | "hurts" | "hostWide">;

/**
 * One job that reaches for something outside its workspace, first in an enclosure and then, handed on with its
 * checkpoint, under a driver that confines processes only. The first must come to nothing; of the second nothing may be
 * left unseen. Only on real hosts: the model has neither files nor ports nor crontabs outside of its agents.
 */
export function outsideScenario({
  behaviour,
  leaves,
  ...told
}: Told & {
  readonly behaviour: StepOf<"look-outside">["behaviour"];
  /** How many things are left for the scanner to find; none where they end with the job. */
  readonly leaves: number;
}): Scenario {
  const round = (agent: string, sandbox: "bubblewrap" | "process", last: readonly Step[]): Step[] => [
    { step: "join", agent, slots: 1, sandbox },
    { step: "await-misbehaviour", agent, behaviour, jobs: 1, withinMs: 60_000 },
    { step: "look-outside", agent, behaviour, when: "at-work" },
    ...last,
    { step: "withdraw", agent, deadlineMs: withdrawDeadlineMs },
    { step: "find-survivors", agent },
  ];
  const submitted: Step = {
    ...{ step: "submit", batch: "reaching", jobs: 1, units: 1_000_000, unitCpuMs: 5, children: 0 },
    behaviour,
  };
  return {
    ...told,
    stages: ["host", "netns"],
    needs: ["bubblewrap", ...(told.needs ?? [])],
    defaults: { slots: 1, jobs: 1, cycles: 1 },
    timing: briskTiming,
    steps: () => [
      { step: "start-broker" },
      submitted,
      ...round("enclosed", "bubblewrap", []),
      ...round("open", "process", leaves > 0 ? [{ step: "find-residue" }] : []),
      ...(leaves > 0 ? [] : [{ step: "look-outside", agent: "open", behaviour, when: "afterwards" } as const]),
      { step: "use-revoked-key", agent: "open" },
    ],
    expectations: () => [
      { checker: "misbehaviour-seen", settings: { behaviour, jobsMin: 2 } },
      { checker: "reach-contained", settings: { enclosedMin: Math.max(1, leaves), openMin: Math.max(1, leaves) } },
      ...(leaves > 0 ? [{ checker: "residue-found", settings: { foundMin: leaves } } as const] : []),
      { checker: "none-outlive", settings: { watchedMin: 2 } },
      ...expectedOfLeaving({ reportsMin: 2 }),
    ],
  };
}
