import type { StepOf } from "../../steps/step.ts";
import { WaitError } from "../../steps/wait-error.ts";
import { withdrawalGraceMs, withdrawalLoad } from "../../steps/withdrawal-load.ts";
import { checkSameReport } from "../../steps/same-report.ts";
import { withdrawnWords } from "../../steps/withdrawn-words.ts";
import { ask, granted } from "./owner.ts";
import type { SimStage } from "./sim-stage.ts";
import { submit } from "./submit.ts";

/** Asks the agent to withdraw and waits until its process is gone; the modelled host sees what it left. */
export async function withdraw(stage: SimStage, step: StepOf<"withdraw">): Promise<string> {
  const member = stage.agent(step.agent);
  const instance = member.body;
  const withinMs = step.deadlineMs + withdrawalGraceMs;
  const beganAtMs = stage.nowMs;
  const askOnce = () =>
    ask(stage, step.agent, { command: "withdraw", reason: "scenario", deadlineMs: step.deadlineMs });
  const asked = askOnce();
  const others = Array.from({ length: (step.asks ?? 1) - 1 }, askOnce);
  let submitted = 0;
  while (step.underLoad !== undefined && asked.answer === null && stage.nowMs < beganAtMs + withinMs) {
    submit(stage, { step: "submit", batch: step.underLoad, ...withdrawalLoad });
    submitted += withdrawalLoad.jobs;
    await stage.pass(withdrawalLoad.everyMs);
  }
  const leftMs = beganAtMs + withinMs - stage.nowMs;
  const isAnswered = () => [asked, ...others].every(({ answer }) => answer !== null);
  await stage.until(`${step.agent}'s answer to withdraw`, isAnswered, leftMs);
  const { report } = granted(asked.answer);
  checkSameReport(
    report,
    others.map(({ answer }) => granted(answer)),
  );
  if (instance !== null && instance.alive) {
    throw new WaitError(`The agent ${step.agent} withdrew and its process goes on.`, {
      code: "still-running",
      next: "The last events in the run directory's history.jsonl show at what.",
    });
  }
  return withdrawnWords({ tookMs: stage.nowMs - beganAtMs, report, submitted });
}
