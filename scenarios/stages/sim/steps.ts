import { UsageError } from "../../../foundation/errors.ts";
import type { Nested } from "../../steps/play-steps.ts";
import { nestedSteps } from "../../steps/nested-steps.ts";
import type { Step, StepOf } from "../../steps/step.ts";
import { eventuallyWithin, probe } from "../either/probe.ts";
import { ownStepOf } from "../either/own-step.ts";
import { eitherStage } from "../either/steps.ts";
import { modelled } from "../../jobs/behaviours.ts";
import { awaitMisbehaviour } from "./await-misbehaviour.ts";
import { findSurvivors } from "./find-survivors.ts";
import { awaitBusy } from "./await-busy.ts";
import { awaitSettled } from "./await-settled.ts";
import { keepStore } from "./keep-store.ts";
import { fault, heal } from "./fault-steps.ts";
import { cancel } from "./cancel.ts";
import { command } from "./command.ts";
import { commandSpoke, federate, forgeCommands } from "./command-spoke.ts";
import { beginJoining, join } from "./join.ts";
import { simLooks } from "./looks.ts";
import { own } from "./own.ts";
import { isOnSim } from "./sim-acts.ts";
import { pause, pauseResumeCycles, resume } from "./pause-resume.ts";
import { asVerdict, type SimStage } from "./sim-stage.ts";
import { kill } from "./kill.ts";
import { killBroker } from "./kill-broker.ts";
import { sendStaleResults } from "./send-stale-results.ts";
import { restart, shutdown } from "./shutdown.ts";
import { killswitch, spawnAgents } from "./spawn-agents.ts";
import { startBroker } from "./start-broker.ts";
import { submit } from "./submit.ts";
import { awaitQuiet, touch } from "./touch.ts";
import { useRevokedKey } from "./use-revoked-key.ts";
import { verifyResults } from "./verify-results.ts";
import { watchFrozen } from "./watch-frozen.ts";
import { withdraw } from "./withdraw.ts";
import { withdrawWithKills } from "./withdraw-with-kills.ts";

/** Carries out one kind of step and says in words what came of it; whoever waits waits by the stage. */
export type SimStep<Name extends Step["step"]> = (
  stage: SimStage,
  step: StepOf<Name>,
  nested: Nested,
) => Promise<string> | string;

/** A step that is not here needs a real host. */
const interpreters: { readonly [Name in Step["step"]]?: SimStep<Name> } = {
  ...eitherStage,
  own,
  probe: (stage, step) => probe(simLooks(stage), step),
  "eventually-within": (stage, step) => eventuallyWithin({ stage, looks: simLooks(stage) }, step),
  "start-broker": startBroker,
  join,
  submit,
  "await-busy": awaitBusy,
  "await-settled": awaitSettled,
  "await-misbehaviour": awaitMisbehaviour,
  "find-survivors": findSurvivors,
  pause,
  "watch-frozen": watchFrozen,
  resume,
  touch,
  "await-quiet": awaitQuiet,
  "pause-resume-cycles": pauseResumeCycles,
  withdraw,
  shutdown,
  kill,
  restart,
  "kill-broker": killBroker,
  "keep-store": keepStore,
  fault,
  heal,
  "use-revoked-key": useRevokedKey,
  "verify-results": verifyResults,
  "begin-joining": beginJoining,
  cancel,
  command,
  "send-stale-results": sendStaleResults,
  "withdraw-with-kills": withdrawWithKills,
  spawn: spawnAgents,
  killswitch,
  federate,
  "command-spoke": commandSpoke,
  "forge-commands": forgeCommands,
};

/** Carries out one step in virtual time. */
export async function runSimStep(stage: SimStage, step: Step, nested: Nested): Promise<string> {
  // The table pairs each kind with its own interpreter; that the two belong together is beyond the checker's sight.
  const interpret = interpreters[step.step] as SimStep<typeof step.step> | undefined;
  if (interpret === undefined) throw notOnSim(step.step);
  try {
    return await interpret(stage, step, nested);
  } catch (error) {
    throw asVerdict(error);
  }
}

/**
 * Looks whether all steps can be carried out here, before anything is done.
 *
 * @throws UsageError `not-on-sim`
 */
export function checkSimSteps(steps: readonly Step[]): void {
  for (const step of steps) {
    if (interpreters[step.step] === undefined) throw notOnSim(step.step);
    if (step.step === "submit" && step.behaviour !== undefined && modelled[step.behaviour] === undefined) {
      throw notOnSim(step.behaviour, "behaviour");
    }
    if (step.step === "fault" && !isOnSim(step.fault)) throw notOnSim(step.fault.kind, "fault");
    if (step.step === "own" && ownStepOf(step).definition.sim === undefined) throw notOnSim(step.name);
    if (step.step === "fault" && !isOnSim(step.fault)) throw notOnSim(step.fault.kind, "fault");
    for (const list of nestedSteps(step)) checkSimSteps(list);
  }
}

function notOnSim(name: string, what: "step" | "fault" | "behaviour" = "step"): UsageError {
  return new UsageError(`The ${what} "${name}" does not exist in virtual time.`, {
    code: "not-on-sim",
    next: "Run the scenario on this machine, with --stage host.",
  });
}
