import type * as z from "zod";

import { awaitMisbehaviour } from "./await-misbehaviour.ts";
import { findResidue } from "./find-residue.ts";
import { findSurvivors } from "./find-survivors.ts";
import { lookOutside } from "./look-outside.ts";
import { awaitBusy } from "./await-busy.ts";
import { awaitQuiet } from "./await-quiet.ts";
import { awaitSettled } from "./await-settled.ts";
import { beginJoining } from "./begin-joining.ts";
import { cancel } from "./cancel.ts";
import { command } from "./command.ts";
import { commandSpoke } from "./command-spoke.ts";
import { eventuallyWithin } from "./eventually-within.ts";
import { fault } from "./fault.ts";
import { heal } from "./heal.ts";
import { federate } from "./federate.ts";
import { forgeCommands } from "./forge-commands.ts";
import { join } from "./join.ts";
import { keepStore } from "./keep-store.ts";
import { kill } from "./kill.ts";
import { killBroker } from "./kill-broker.ts";
import { killswitch } from "./killswitch.ts";
import { onSchedule } from "./on-schedule.ts";
import { openSchedule } from "./open-schedule.ts";
import { own } from "./own.ts";
import { pause } from "./pause.ts";
import { pauseResumeCycles } from "./pause-resume-cycles.ts";
import { probe } from "./probe.ts";
import { restart } from "./restart.ts";
import { resume } from "./resume.ts";
import { sendStaleResults } from "./send-stale-results.ts";
import { settle } from "./settle.ts";
import { shutdown } from "./shutdown.ts";
import { spawn } from "./spawn.ts";
import { startBroker } from "./start-broker.ts";
import { submit } from "./submit.ts";
import { touch } from "./touch.ts";
import { useRevokedKey } from "./use-revoked-key.ts";
import { verifyResults } from "./verify-results.ts";
import { wait } from "./wait.ts";
import { waitUntil } from "./wait-until.ts";
import { watchFrozen } from "./watch-frozen.ts";
import { withdraw } from "./withdraw.ts";
import { withdrawAll } from "./withdraw-all.ts";
import { withdrawWithKills } from "./withdraw-with-kills.ts";

/** Every kind of step that holds no others; a new one is a file, a line here, and an interpreter on each stage. */
export const plainKinds = {
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
  wait,
  "wait-until": waitUntil,
  probe,
  "eventually-within": eventuallyWithin,
  "open-schedule": openSchedule,
  "on-schedule": onSchedule,
  settle,
  "withdraw-all": withdrawAll,
  "begin-joining": beginJoining,
  cancel,
  command,
  "send-stale-results": sendStaleResults,
  "withdraw-with-kills": withdrawWithKills,
  own,
  spawn,
  killswitch,
  federate,
  "command-spoke": commandSpoke,
  "forge-commands": forgeCommands,
} as const;

export type PlainStep = {
  [Name in keyof typeof plainKinds]: z.infer<(typeof plainKinds)[Name]["schema"]>;
}[keyof typeof plainKinds];
