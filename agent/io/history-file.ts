import { closeSync, openSync, writeSync } from "node:fs";

import { systemClock } from "../../foundation/clock.ts";
import { messageOf, UsageError } from "../../foundation/errors.ts";
import { historyRecorder, type RecordEvent } from "../../protocol/history-recorder.ts";
import { historyVariable } from "../../protocol/job-environment.ts";

export interface AgentHistory {
  readonly record: RecordEvent;
  close(): void;
}

/**
 * Appends this instance's records to the file that the environment names, each line in one write; none is kept when
 * it names none. The file is its owner's and lies outside the agent's home.
 *
 * @throws UsageError `history-unwritable`
 */
export function openHistory(environment: NodeJS.ProcessEnv, instanceId: string): AgentHistory {
  const path = environment[historyVariable];
  if (path === undefined || path === "") return { record: () => undefined, close: () => undefined };
  let file: number;
  try {
    file = openSync(path, "a", 0o600);
  } catch (cause) {
    throw new UsageError(`The history ${path} cannot be written to: ${messageOf(cause)}.`, {
      code: "history-unwritable",
      next: `Point ${historyVariable} to a file that this user may append to, or unset it.`,
      cause,
    });
  }
  let open = true;
  const write = (line: string): void => {
    if (open) writeSync(file, line);
  };
  return {
    record: historyRecorder({ actor: "agent", source: instanceId, clock: systemClock, write }),
    close() {
      open = false;
      closeSync(file);
    },
  };
}
