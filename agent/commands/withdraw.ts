import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { Command } from "commander";

import { systemClock } from "../../foundation/clock.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import type { ControlRequest } from "../../protocol/control.ts";
import type { WithdrawalReport } from "../../protocol/withdrawal-report.ts";
import { agentLimits } from "../core/limits.ts";
import { AgentError } from "../io/agent-error.ts";
import { hasHook } from "../io/autostart-ledger.ts";
import { isHeld, isInhabited } from "../io/home.ts";
import { clearAside } from "../io/home-create.ts";
import type { HomePaths } from "../io/home-paths.ts";
import { closeKeptConnections } from "../io/kept-connections.ts";
import { markedProcesses } from "../sandbox/marked-processes.ts";
import type { Finish } from "./finish.ts";
import { pathsOf, withHome } from "./home-option.ts";
import { reachAgent } from "./reach-agent.ts";
import { reasonOption } from "./reason-option.ts";
import { endSilentAgent } from "./end-silent-agent.ts";
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
    .addOption(reasonOption())
    .option(
      "--deadline <ms>",
      `all of it ends within this, whatever the broker does; what there is no time to wipe is named (default ${agentLimits.withdrawDeadlineMs})`,
      wholeNumber({ min: 1, max: deadlineMsMax }),
    )
    .option("--json", "the withdrawal report, as one JSON object")
    .option("--verbose", "where no agent runs, what this command does in its place as a log on stderr")
    .action(async (options: WithdrawOptions) => {
      const request: Request = {
        command: "withdraw",
        ...(options.reason === undefined ? {} : { reason: options.reason }),
        ...(options.deadline === undefined ? {} : { deadlineMs: options.deadline }),
      };
      const report = await withdraw(pathsOf(options), request, { verbose: options.verbose === true });
      process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : reportInWords(report));
      finish(report.clean ? ExitCode.pass : ExitCode.fail);
    });
}

interface WithdrawOptions {
  readonly home?: string;
  readonly json?: boolean;
  readonly reason?: string;
  readonly deadline?: number;
  readonly verbose?: boolean;
}

type Request = Extract<ControlRequest, { command: "withdraw" }>;

/** Asks the running agent, or does it here from the ledger when none runs. */
async function withdraw(
  paths: HomePaths,
  request: Request,
  { verbose }: { verbose: boolean },
): Promise<WithdrawalReport> {
  const timeoutMs = (request.deadlineMs ?? agentLimits.withdrawDeadlineMs) + answerGraceMs;
  const startedAt = systemClock.monotonicMs();
  const reached = await reachAgent(paths, request, { timeoutMs });
  if (reached.kind === "answered" && reached.answer.report !== undefined) {
    await ended(paths);
    return reached.answer.report;
  }
  if (reached.kind === "silent") {
    const deadlineMs = request.deadlineMs ?? agentLimits.withdrawDeadlineMs;
    await endSilentAgent(paths, { pid: reached.pid, untilMs: startedAt + deadlineMs });
  }
  if (!(await isAnythingThere(paths))) return nothingThere(request);
  // Most who withdraw have an agent that does it: the rest of it is loaded where this process takes its place.
  const { runAgent } = await import("../main.ts");
  const end = await runAgent({
    paths,
    join: null,
    withdraw: request,
    environment: process.env,
    logInHome: false,
    quiet: !verbose,
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

/** Whether anything of an agent of that home is on this host: in the home, started with the host, running. */
async function isAnythingThere(paths: HomePaths): Promise<boolean> {
  clearAside(paths.home);
  return isInhabited(paths) || markedProcesses(paths.home).length > 0 || (await hasHook(paths, process.env));
}

/** What was looked for and not found. */
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
