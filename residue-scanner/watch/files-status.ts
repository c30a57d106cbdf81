import type { RecorderSource } from "../core/recording.ts";
import type { TouchTable } from "../core/touch-table.ts";
import type { FileEventGroup } from "./file-event-group.ts";
import type { Troubles } from "./setting-recording.ts";

/** What is missing of what was done to files, in words. */
export function sourceOfFiles(of: {
  readonly table: TouchTable;
  readonly marks: Pick<FileEventGroup, "later" | "refused">;
  readonly events: number;
  readonly overflows: number;
  readonly unseenActors: number;
  readonly linesDropped: number;
  readonly changedDropped: number;
  readonly failure: string | null;
  readonly more: Troubles;
}): RecorderSource {
  const { table, marks, events, overflows, unseenActors, linesDropped, changedDropped, failure, more } = of;
  const lost = [...more.lost];
  if (failure !== null) lost.push(failure);
  if (overflows > 0) lost.push(`the kernel's queue of file events overflowed ${overflows} times`);
  const takings = table.takings?.dropped ?? 0;
  if (takings > 0) lost.push(`${takings} files that one process made and another took away were more than are kept`);
  if (linesDropped > 0)
    lost.push(`${linesDropped} changes of lines were more than are kept: whose those are is not known`);
  if (changedDropped > 0)
    lost.push(`${changedDropped} directories that changed while the host was read were more than are kept`);
  if (table.dropped > 0) lost.push(`${table.dropped} touches were more than the ${table.kept} that are kept`);
  const partial = [...marks.refused].map(([point, error]) => `${point} cannot be watched (${error})`);
  partial.push(...more.partial);
  for (const point of marks.later.values()) partial.push(`${point} was mounted later: its first moments were not seen`);
  if (unseenActors > 0) partial.push(`${unseenActors} events were of processes outside of this PID namespace`);
  const status = lost.length > 0 ? "lost" : partial.length > 0 ? "partial" : "done";
  return { source: "files", status, detail: [...lost, ...partial].join("; "), events };
}
