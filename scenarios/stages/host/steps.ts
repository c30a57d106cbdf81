import type { Nested } from "../../steps/play-steps.ts";
import type { StepOf, Step } from "../../steps/step.ts";
import { eventuallyWithin, probe } from "../either/probe.ts";
import { eitherStage } from "../either/steps.ts";
import type { HostStage } from "./host-stage.ts";
import { awaitMisbehaviour } from "./await-misbehaviour.ts";
import { findResidue } from "./find-residue.ts";
import { findSurvivors } from "./find-survivors.ts";
import { lookOutside } from "./look-outside.ts";
import { awaitBusy } from "./await-busy.ts";
import { awaitSettled } from "./await-settled.ts";
import { beginJoining } from "./begin-joining.ts";
import { fault, heal } from "./fault-steps.ts";
import { cancel } from "./cancel.ts";
import { command } from "./command.ts";
import { commandSpoke } from "./command-spoke.ts";
import { federate } from "./federate.ts";
import { forgeCommands } from "./forge-commands.ts";
import { join } from "./join.ts";
import { hostLooks } from "./looks.ts";
import { own } from "./own.ts";
import { onSchedule } from "./on-schedule.ts";
import { keepStore } from "./keep-store.ts";
import { kill } from "./kill.ts";
import { killBroker } from "./kill-broker.ts";
import { openSchedule } from "./open-schedule.ts";
import { killswitch } from "./killswitch.ts";
import { pause, pauseResumeCycles, resume } from "./pause-resume.ts";
import { restart } from "./restart.ts";
import { sendStaleResults } from "./send-stale-results.ts";
import { settle } from "./settle.ts";
import { shutdown } from "./shutdown.ts";
import { spawnAgents } from "./spawn-agents.ts";
import { startBroker } from "./start-broker.ts";
import { submit } from "./submit.ts";
import { awaitQuiet, touch } from "./touch.ts";
import { useRevokedKey } from "./use-revoked-key.ts";
import { verifyResults } from "./verify-results.ts";
import { watchFrozen } from "./watch-frozen.ts";
import { withdraw } from "./withdraw.ts";
import { withdrawAll } from "./withdraw-all.ts";
import { withdrawWithKills } from "./withdraw-with-kills.ts";

/** Carries out one kind of step and says in words what came of it. */
export type HostStep<Name extends Step["step"]> = (
  stage: HostStage,
  step: StepOf<Name>,
  nested: Nested,
) => Promise<string>;

const interpreters: { readonly [Name in Step["step"]]: HostStep<Name> } = {
  ...eitherStage,
  own,
  probe: (stage, step) => probe(hostLooks(stage), step),
  "eventually-within": (stage, step) => eventuallyWithin({ stage, looks: hostLooks(stage) }, step),
  "start-broker": startBroker,
  join,
  submit,
  "await-busy": awaitBusy,
  "await-settled": awaitSettled,
  "await-misbehaviour": awaitMisbehaviour,
  "look-outside": lookOutside,
  "find-residue": findResidue,
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
  "open-schedule": openSchedule,
  "on-schedule": onSchedule,
  settle,
  "withdraw-all": withdrawAll,
};

/** Carries out one step on this host. */
export async function runHostStep(stage: HostStage, step: Step, nested: Nested): Promise<string> {
  // The table pairs each kind with its own interpreter; that the two belong together is beyond the checker's sight.
  const interpret = interpreters[step.step] as HostStep<typeof step.step>;
  return await interpret(stage, step, nested);
}
