import { Command } from "commander";

import { present } from "../../foundation/assert.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import type { PauseResult } from "../../protocol/control.ts";
import { AgentError } from "../io/agent-error.ts";
import { agentIdIn } from "../io/evidence.ts";
import { isInhabited, openHome } from "../io/home.ts";
import type { HomePaths } from "../io/home-paths.ts";
import { freezeStrays, type StrayFreeze } from "../sandbox/freeze-strays.ts";
import type { Finish } from "./finish.ts";
import { pathsOf, withHome } from "./home-option.ts";
import { notRunning, silent } from "./not-running.ts";
import { pausedInWords } from "./pause-words.ts";
import { reachAgent } from "./reach-agent.ts";
import { reasonOption } from "./reason-option.ts";

/** Longer than the agent lets its snapshots take. */
const answerWithinMs = 60_000;

export function pauseCommand(finish: Finish): Command {
  return withHome(new Command("pause"))
    .description("Stops every job of this host at once, and takes no new one until `resume`.")
    .addOption(reasonOption())
    .option("--json", "what was measured, as one JSON object")
    .action(async (options: { home?: string; json?: boolean; reason?: string }) => {
      const paths = pathsOf(options);
      const reason = options.reason === undefined ? {} : { reason: options.reason };
      const reached = await reachAgent(paths, { command: "pause", ...reason }, { timeoutMs: answerWithinMs });
      if (reached.kind === "silent") throw silent(paths, reached.pid, ` ${inWords(freezeOutside(paths, reached.pid))}`);
      const answered = reached.kind === "answered";
      const pause = answered
        ? present(reached.answer.pause, "the answer to a pause request holds what was measured")
        : pauseAlone(paths, options.reason);
      const stopped = `${pause.frozenSandboxes} sandboxes stopped in ${pause.freezeMs.toFixed(1)} ms`;
      const words = answered
        ? pausedInWords(pause)
        : `No agent is running: ${stopped} that an earlier one had left. Its next start comes back paused.\n`;
      process.stdout.write(options.json === true ? `${JSON.stringify(pause)}\n` : words);
      finish(ExitCode.pass);
    });
}

/** Stops what a killed agent has left running, and has its next start come back paused. */
function pauseAlone(paths: HomePaths, reason = "asked by the owner"): PauseResult {
  // Before anything else: whoever pauses wants the CPU now.
  const frozen = freezeOutside(paths, null);
  if (!isInhabited(paths)) {
    if (frozen === null || frozen.processes === 0) throw notRunning(paths);
    throw new AgentError(`No agent lives in ${paths.home} any more. ${inWords(frozen)}`, {
      code: "not-joined",
      next: `End them with \`donor-agent withdraw --home ${paths.home}\`.`,
    });
  }
  const { ledger, lock } = openHome(paths, { lostToo: true });
  try {
    ledger.remember({ key: "pause", value: { by: "owner", reason } });
  } finally {
    ledger.close();
    lock.release();
  }
  if (frozen !== null && frozen.running.length > 0) {
    throw new AgentError(`The next start comes back paused, but not everything stands still. ${inWords(frozen)}`, {
      code: "still-running",
      next: "Run the same command again, or `donor-agent withdraw`.",
    });
  }
  return { freezeMs: frozen?.freezeMs ?? 0, frozenSandboxes: frozen?.sandboxes ?? 0, checkpoints: 0, snapshotMs: 0 };
}

/** Null where nothing tells whose jobs they would be, and so there are none. */
function freezeOutside(paths: HomePaths, pid: number | null): StrayFreeze | null {
  const agentId = agentIdIn(paths);
  return agentId === null ? null : freezeStrays(agentId, pid);
}

function inWords(frozen: StrayFreeze | null): string {
  if (frozen === null || frozen.processes === 0) return "No job of it was found.";
  const { processes, sandboxes, freezeMs, running } = frozen;
  const names = running.map(({ pid, command }) => `${pid} ${command}`).join(", ");
  const rest = running.length === 0 ? "" : ` Still running: ${names}.`;
  return `Its jobs were stopped from outside: ${processes} processes of ${sandboxes} sandboxes in ${freezeMs.toFixed(1)} ms.${rest}`;
}
