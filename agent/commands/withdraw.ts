import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { Command } from "commander";

import { systemClock } from "../../foundation/clock.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import type { ControlRequest } from "../../protocol/control.ts";
import type { WithdrawalReport } from "../../protocol/withdrawal-report.ts";
import { agentLimits } from "../core/limits.ts";
import { AgentError } from "../io/agent-error.ts";
import { askAgent } from "../io/control-client.ts";
import { isHeld, isInhabited } from "../io/home.ts";
import type { HomePaths } from "../io/home-paths.ts";
import { closeKeptConnections } from "../io/kept-connections.ts";
import { runAgent } from "../main.ts";
import type { Finish } from "./finish.ts";
import { pathsOf, withHome } from "./home-option.ts";
import { wholeNumber } from "./whole-number.ts";
import { reportInWords } from "./withdrawal-words.ts";

/** The agent keeps to its deadline; what comes after it (the last answer) takes no longer than this. */
const answerGraceMs = 10_000;
const deadlineMsMax = 3_600_000;
/** How often it is looked whether an agent that answers nobody any more has ended, in milliseconds. */
const lookIntervalMs = 50;
/** How long the end of one that has answered is waited for. */
const endMsMax = 2_000;

export function withdrawCommand(finish: Finish): Command {
  return withHome(new Command("withdraw"))
    .description("Hands every job back, revokes the key, and removes everything of the agent from this host.")
    .option("--reason <text>", "for the broker and the log")
    .option(
      "--deadline <ms>",
      `all of it ends within this, whatever the broker does; what there is no time to wipe is named (default ${agentLimits.withdrawDeadlineMs})`,
      wholeNumber({ min: 1, max: deadlineMsMax }),
    )
    .option("--json", "the withdrawal report, as one JSON object")
    .action(async (options: { home?: string; json?: boolean; reason?: string; deadline?: number }) => {
      const report = await withdraw(pathsOf(options), {
        command: "withdraw",
        ...(options.reason === undefined ? {} : { reason: options.reason }),
        ...(options.deadline === undefined ? {} : { deadlineMs: options.deadline }),
      });
      process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : reportInWords(report));
      finish(report.clean ? ExitCode.pass : ExitCode.fail);
    });
}

type Request = Extract<ControlRequest, { command: "withdraw" }>;

/** Asks the running agent, or does it here from the ledger when none runs. */
async function withdraw(paths: HomePaths, request: Request): Promise<WithdrawalReport> {
  const timeoutMs = (request.deadlineMs ?? agentLimits.withdrawDeadlineMs) + answerGraceMs;
  const untilMs = systemClock.monotonicMs() + timeoutMs;
  // One that is coming up will answer, one that is ending leaves the rest to us.
  for (;;) {
    const leftMs = Math.max(1, untilMs - systemClock.monotonicMs());
    const answer = await askAgent(paths.control, request, { timeoutMs: leftMs });
    if (answer?.report !== undefined) {
      await ended(paths);
      return answer.report;
    }
    if (!isHeld(paths) || leftMs <= 1) break;
    await sleep(lookIntervalMs);
  }
  if (!isInhabited(paths)) return nothingThere(request);
  const end = await runAgent({
    paths,
    join: null,
    withdraw: request,
    checkpointIntervalMs: null,
    environment: process.env,
    logInHome: false,
    onReady: () => undefined,
    closeConnections: closeKeptConnections,
  });
  if (end.report !== null) return end.report;
  throw new AgentError("The withdrawal was interrupted; what is left of it is in the ledger.", {
    code: "interrupted",
    next: `Run the same command again to finish it: donor-agent withdraw --home ${paths.home}`,
  });
}

/** The agent has said its last word, but for its end: whoever comes next finds the home free. */
async function ended(paths: HomePaths): Promise<void> {
  const untilMs = systemClock.monotonicMs() + endMsMax;
  while (isHeld(paths) && systemClock.monotonicMs() < untilMs) await sleep(lookIntervalMs);
}

/** What was looked for and not found: no ledger, and so nothing that an agent would have taken. */
function nothingThere({ reason = "asked by the owner" }: Request): WithdrawalReport {
  const now = systemClock.nowMs();
  return {
    agentId: null,
    instanceId: randomUUID(),
    trigger: reason,
    startedAt: now,
    endedAt: now,
    attempts: 1,
    keyRevoked: "no-key",
    processesTerminated: 0,
    processesLeft: [],
    directoriesWiped: [],
    directoriesLeft: [],
    autostartLeft: [],
    socketsLeft: [],
    leasesHandedBack: 0,
    leasesDeferred: 0,
    ledgerEntriesLeft: 0,
    steps: [],
    clean: true,
  };
}
