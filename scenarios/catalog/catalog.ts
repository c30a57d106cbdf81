import { UsageError } from "../../foundation/errors.ts";
import { nearest } from "../../foundation/nearest.ts";
import type { Scenario } from "../steps/scenario.ts";
import { agentFrozenPastItsLease } from "./agent-frozen-past-its-lease.ts";
import { backpressureHeartbeat } from "./backpressure-heartbeat.ts";
import { jobDaemonises } from "./job-daemonises.ts";
import { jobEditsCrontab } from "./job-edits-crontab.ts";
import { jobForkBombs } from "./job-fork-bombs.ts";
import { jobIgnoresSigterm } from "./job-ignores-sigterm.ts";
import { jobOpensPort } from "./job-opens-port.ts";
import { jobRespawns } from "./job-respawns.ts";
import { jobWritesOutside } from "./job-writes-outside.ts";
import { outOfMemoryJob } from "./out-of-memory-job.ts";
import { brokerRestart } from "./broker-restart.ts";
import { clockJump } from "./clock-jump.ts";
import { cpuAndIoStorm } from "./cpu-and-io-storm.ts";
import { diskFull } from "./disk-full.ts";
import { duplicateAndReorderedEvents } from "./duplicate-and-reordered-events.ts";
import { federatedForgery } from "./federated-forgery.ts";
import { federatedSpawnStatusKill } from "./federated-spawn-status-kill.ts";
import { goodbyeRacesSigterm } from "./goodbye-races-sigterm.ts";
import { goodbyeShutdown } from "./goodbye-shutdown.ts";
import { hundredInARow } from "./hundred-in-a-row.ts";
import { joinWorkPauseResumeWithdraw } from "./join-work-pause-resume-withdraw.ts";
import { killswitchScenario } from "./killswitch.ts";
import { pauseAtEveryState } from "./pause-at-every-state.ts";
import { outOfDescriptors } from "./out-of-descriptors.ts";
import { ownerComesBack } from "./owner-comes-back.ts";
import { partitionAndFence } from "./partition-and-fence.ts";
import { rapidPauseResume } from "./rapid-pause-resume.ts";
import { resumeElsewhere } from "./resume-elsewhere.ts";
import { sigtermShutdown } from "./sigterm-shutdown.ts";
import { soak } from "./soak.ts";
import { storeLoss } from "./store-loss.ts";
import { storeRollback } from "./store-rollback.ts";
import { storeServerForgets } from "./store-server-forgets.ts";
import { withdrawCrashAtEveryStep } from "./withdraw-crash-at-every-step.ts";
import { withdrawDuringJob } from "./withdraw-during-job.ts";
import { withdrawTwice } from "./withdraw-twice.ts";
import { withdrawUnderLoad } from "./withdraw-under-load.ts";
import { withdrawWhileEnrolling } from "./withdraw-while-enrolling.ts";
import { withdrawWhilePaused } from "./withdraw-while-paused.ts";
import { withdrawWithBrokerDown } from "./withdraw-with-broker-down.ts";
import { withdrawWithBrokerLying } from "./withdraw-with-broker-lying.ts";
import { withdrawWithBrokerSlow } from "./withdraw-with-broker-slow.ts";

/** Every scenario that `scenarios list` shows, in that order. */
export const catalog: readonly Scenario[] = [
  joinWorkPauseResumeWithdraw,
  hundredInARow,
  rapidPauseResume,
  pauseAtEveryState,
  ownerComesBack,
  withdrawUnderLoad,
  withdrawDuringJob,
  withdrawWhilePaused,
  withdrawTwice,
  withdrawWhileEnrolling,
  withdrawCrashAtEveryStep,
  withdrawWithBrokerDown,
  withdrawWithBrokerSlow,
  withdrawWithBrokerLying,
  goodbyeShutdown,
  sigtermShutdown,
  goodbyeRacesSigterm,
  resumeElsewhere,
  agentFrozenPastItsLease,
  partitionAndFence,
  brokerRestart,
  duplicateAndReorderedEvents,
  storeLoss,
  storeRollback,
  storeServerForgets,
  clockJump,
  diskFull,
  outOfDescriptors,
  killswitchScenario,
  federatedSpawnStatusKill,
  federatedForgery,
  backpressureHeartbeat,
  cpuAndIoStorm,
  outOfMemoryJob,
  jobIgnoresSigterm,
  jobDaemonises,
  jobForkBombs,
  jobRespawns,
  jobWritesOutside,
  jobOpensPort,
  jobEditsCrontab,
  soak,
];

/**
 * Finds a scenario by its name.
 *
 * @param all the catalogue, and what a user adds to it
 * @throws UsageError `unknown-scenario`, suggesting the nearest name
 */
export function scenarioNamed(name: string, all: readonly Scenario[] = catalog): Scenario {
  const scenario = all.find((one) => one.name === name);
  if (scenario !== undefined) return scenario;
  const meant = nearest(
    name.toLowerCase(),
    all.map((one) => one.name),
  );
  throw new UsageError(`There is no scenario "${name}".`, {
    code: "unknown-scenario",
    next: meant === undefined ? "`scenarios list` shows them all." : `Did you mean \`scenarios run ${meant}\`?`,
  });
}
