import { AgentError } from "../io/agent-error.ts";
import { isHeld, isInhabited } from "../io/home.ts";
import type { HomePaths } from "../io/home-paths.ts";
import { markedProcesses } from "../sandbox/marked-processes.ts";
import type { ProcessIdentity } from "../sandbox/port.ts";
import { identify, isAlive, readProcess } from "../sandbox/proc-stat.ts";

/** So many processes are named to a person. */
const namedMax = 10;

/** The agent is there and does not answer; says what can be done about it. */
export function silent({ home }: HomePaths, pid: number | null, what = ""): AgentError {
  const named = pid === null ? "" : ` (pid ${pid})`;
  const end = pid === null ? "End its process" : `End it with \`kill -9 ${pid}\``;
  return new AgentError(`The agent of ${home}${named} is there and does not answer: it is stopped or hangs.${what}`, {
    code: "no-answer",
    next: `${end}; then \`donor-agent join\` starts it again, and \`donor-agent withdraw\` takes it off this host.`,
  });
}

/** No agent answers for that home; says what can be done about it. */
export function notRunning(paths: HomePaths): AgentError {
  if (!isInhabited(paths)) {
    return new AgentError(`No agent lives in ${paths.home}.`, {
      code: "not-joined",
      next: "Join with `donor-agent join --broker URL --token TOKEN`, or name another directory with --home.",
    });
  }
  if (isHeld(paths)) {
    return new AgentError(`The agent of ${paths.home} is just coming up or ending, and answers nobody.`, {
      code: "not-serving",
      next: "Run the same command again in a moment.",
      retriable: true,
    });
  }
  const processes = processesLeft(paths);
  if (processes.length > 0) {
    const named = processes
      .slice(0, namedMax)
      .map(({ pid, command }) => `  ${pid} ${command.replaceAll(/\p{Cc}/gu, "?")}`);
    const more = processes.length > namedMax ? [`  and ${processes.length - namedMax} more`] : [];
    const lines = [`The agent of ${paths.home} is not running; of its jobs these processes are still there:`];
    return new AgentError([...lines, ...named, ...more].join("\n"), {
      code: "not-running",
      next: "`donor-agent withdraw` ends them and takes the agent off this host; `donor-agent join` starts it again, which ends them too.",
    });
  }
  return new AgentError(`The agent of ${paths.home} is not running.`, {
    code: "not-running",
    next: "Start it again with `donor-agent join`, or take it off this host with `donor-agent withdraw`.",
  });
}

/** The processes that say of themselves that they are jobs of that home, lowest pid first. */
export function processesLeft({ home }: HomePaths): ProcessIdentity[] {
  return markedProcesses(home).flatMap(({ pid }) => {
    const stat = readProcess(pid);
    return stat !== null && isAlive(stat) ? [identify(stat)] : [];
  });
}
