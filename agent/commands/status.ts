import { Command } from "commander";

import { present } from "../../foundation/assert.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import type { AgentStatus } from "../../protocol/control.ts";
import type { Finish } from "./finish.ts";
import { pathsOf, withHome } from "./home-option.ts";
import { notRunning, silent } from "./not-running.ts";
import { reachAgent } from "./reach-agent.ts";

const answerWithinMs = 5_000;
const columnsMax = 80;

export function statusCommand(finish: Finish): Command {
  return withHome(new Command("status"))
    .description("What the agent of this host is doing.")
    .option("--json", "as one JSON object")
    .action(async (options: { home?: string; json?: boolean }) => {
      const paths = pathsOf(options);
      const reached = await reachAgent(paths, { command: "status" }, { timeoutMs: answerWithinMs });
      if (reached.kind === "silent") throw silent(paths, reached.pid);
      if (reached.kind === "nobody") throw notRunning(paths);
      const { answer } = reached;
      const status = present(answer.status, "the answer to a status request holds the status");
      process.stdout.write(options.json === true ? `${JSON.stringify(status)}\n` : statusInWords(status));
      finish(ExitCode.pass);
    });
}

/** What an agent says of itself, as a person reads it. */
export function statusInWords(status: AgentStatus): string {
  const { state, reason, broker, sandboxes, slots } = status;
  const lines = [
    `${state}${status.pauseAsked ? " (a pause is under way)" : ""}: ${reason}`,
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

function brokerInWords({ brokerReachable, brokerRefusal }: AgentStatus): string {
  if (!brokerReachable) return "does not answer";
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
