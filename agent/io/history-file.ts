import { closeSync, openSync, writeSync } from "node:fs";

import type { Logger } from "pino";

import { systemClock } from "../../foundation/clock.ts";
import { messageOf, UsageError } from "../../foundation/errors.ts";
import type { RecordEvent } from "../../protocol/history-recorder.ts";
import { historyWithGaps, type MissingRecords } from "../../protocol/history-with-gaps.ts";
import { historyVariable } from "../../protocol/job-environment.ts";

export interface AgentHistory {
  /** Never throws. */
  readonly record: RecordEvent;
  /** Says in this log from now on that records are missing, and those that are missing already. */
  tellIn(log: Pick<Logger, "error" | "warn">): void;
  /** What is not in the history; null while it has all. */
  readonly missing: () => MissingRecords | null;
  close(): void;
}

/**
 * Appends this instance's records to the file that the environment names, each line in one write; none is kept when
 * it names none. The file is its owner's and lies outside the agent's home. A record is worth less than the agent: one
 * that cannot be written is dropped, counted, and told of (`historyWithGaps`).
 *
 * @throws UsageError `history-unwritable`
 */
export function openHistory(environment: NodeJS.ProcessEnv, instanceId: string): AgentHistory {
  const path = environment[historyVariable];
  if (path === undefined || path === "") {
    return { record: () => undefined, tellIn: () => undefined, missing: () => null, close: () => undefined };
  }
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
  let log: Pick<Logger, "error" | "warn"> | null = null;
  const onGap = (why: string): void =>
    log?.error({ path, why }, "The history cannot be written; the agent goes on without");
  const { record, missing } = historyWithGaps({
    ...{ actor: "agent", source: instanceId, clock: systemClock },
    append: (bytes) => (open ? writeSync(file, bytes) : bytes.length),
    onGap,
    onGapEnd: (records) =>
      log?.warn({ path, records }, "The history is written again, and says how many of its records are missing"),
  });
  return {
    record,
    tellIn(given) {
      log = given;
      const already = missing();
      if (already !== null) onGap(already.why);
    },
    missing,
    close() {
      open = false;
      closeSync(file);
    },
  };
}
