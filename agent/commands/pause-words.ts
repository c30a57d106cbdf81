import type { PauseResult } from "../../protocol/control.ts";

/** What a pause measured as a person reads it. */
export function pausedInWords(pause: PauseResult): string {
  if (pause.remembered === true) {
    return "The agent has not enrolled yet and has no job to stop. It is paused once it has, and takes none before `resume`.\n";
  }
  const { frozenSandboxes, freezeMs, checkpoints, snapshotMs, notSaved = [] } = pause;
  const lines = [
    `Paused: ${frozenSandboxes} sandboxes stopped in ${freezeMs.toFixed(1)} ms, ${checkpoints} checkpoints saved in ${snapshotMs.toFixed(0)} ms.`,
    ...notSaved.map(({ jobId, reason }) => `  ${jobId} stands still without a checkpoint: ${reason}`),
  ];
  return `${lines.join("\n")}\n`;
}
