import { Command } from "commander";

import { present } from "../../foundation/assert.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import type { AgentStatus } from "../../protocol/control.ts";
import type { AgentError } from "../io/agent-error.ts";
import type { HomePaths } from "../io/home-paths.ts";
import type { Finish } from "./finish.ts";
import { pathsOf, withHome } from "./home-option.ts";
import { notRunning, processesLeft, silent } from "./not-running.ts";
import { reachAgent } from "./reach-agent.ts";

const answerWithinMs = 5_000;
const columnsMax = 80;

export function statusCommand(finish: Finish): Command {
  return withHome(new Command("status"))
    .description("What the agent of this host is doing.")
    .option(
      "--json",
      "as one JSON object; where no agent answers, one that says why (error) and which processes of its jobs are there (processesLeft)",
    )
    .action(async (options: { home?: string; json?: boolean }) => {
      const paths = pathsOf(options);
      const reached = await reachAgent(paths, { command: "status" }, { timeoutMs: answerWithinMs });
      if (reached.kind !== "answered") {
        const error = reached.kind === "silent" ? silent(paths, reached.pid) : notRunning(paths);
        if (options.json === true) process.stdout.write(`${JSON.stringify(absence(error, paths))}\n`);
        throw error;
      }
      const { answer } = reached;
      const status = present(answer.status, "the answer to a status request holds the status");
      process.stdout.write(options.json === true ? `${JSON.stringify(status)}\n` : statusInWords(status));
      finish(ExitCode.pass);
    });
}

/** Why no agent says what it does, and what of its jobs is there all the same. */
function absence({ code, message, next }: AgentError, paths: HomePaths) {
  return { error: { code, message, next }, home: paths.home, processesLeft: processesLeft(paths) };
}

/** What an agent says of itself, as a person reads it. */
export function statusInWords(status: AgentStatus): string {
  const { state, broker, sandboxes, slots } = status;
  const lines = [
    `${state}${status.pauseAsked ? " (a pause is under way)" : ""}: ${reasonInWords(status)}`,
    ...activityWords(status),
    ...(status.diskFull === true
      ? ["disk       full: no new job is taken until there is room; pause, resume and withdraw work"]
      : []),
    `broker     ${broker} (${brokerInWords(status)})`,
    `agent      ${status.agentId?.slice(0, 12) ?? "-"}, pid ${status.pid}, sandboxes by ${status.sandboxDriver}`,
    `slots      ${sandboxes.length} of ${slots} in use`,
    ...sandboxes.map(
      ({ jobId, execution, frozen, progress, pid }) =>
        `  ${jobId}  ${execution}${frozen ? ", frozen" : ""}, progress ${progress}${pid === null ? "" : `, pid ${pid}`}`,
    ),
    ...endedInWords(status),
    ...[...(status.sandboxCannot ?? []), ...(status.activityCannot ?? [])].map((sentence) =>
      wrapped(`Note: ${sentence}`),
    ),
  ];
  return `${lines.join("\n")}\n`;
}

/** What an agent that nobody has taken in yet waits for is no longer that it has just started. */
function reasonInWords({ state, reason, brokerRefusal, brokerSilence }: AgentStatus): string {
  if (state !== "Enrolling") return reason;
  if (brokerSilence !== undefined) return "the broker does not answer, and is asked again and again";
  return brokerRefusal === undefined ? reason : "the broker does not take it in, and is asked again and again";
}

function brokerInWords({ brokerReachable, brokerRefusal, brokerSilence }: AgentStatus): string {
  if (!brokerReachable) return brokerSilence ?? "does not answer";
  return brokerRefusal === undefined ? "answers" : `refuses this agent: ${brokerRefusal}`;
}

/** Broken between words, what goes on indented. */
function wrapped(sentence: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of sentence.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= columnsMax || line.trim() === "") line = longer;
    else {
      lines.push(line);
      line = `      ${word}`;
    }
  }
  return [...lines, line].join("\n");
}

/** The newest first: whoever asks wonders what has just happened. */
function endedInWords({ endedExecutions = [] }: AgentStatus): string[] {
  if (endedExecutions.length === 0) return [];
  const lines = endedExecutions.map(({ jobId, execution, reason }) => `  ${jobId}  ${execution}: ${reason}`);
  return ["ended      since this agent was started, the latest first", ...lines.reverse()];
}

/** What the owner's own activity has to do with it, and until when. */
function activityWords({ activity, pausedBy }: AgentStatus): string[] {
  if (activity === null || activity === undefined) return [];
  const until = new Date(activity.quietAtMs).toLocaleTimeString();
  if (activity.ignored) return [`activity   ${activity.what}; ignored since you resumed, until it is quiet (${until})`];
  if (pausedBy === "activity")
    return [`activity   ${activity.what}; the jobs go on at ${until} if nothing more is noticed`];
  return [`activity   ${activity.what}; the pause holds until the ${pausedBy ?? "owner"} resumes`];
}
