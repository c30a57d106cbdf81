import * as z from "zod";

/** Somebody of the cast: the broker, or an agent by its name. */
const actor = z.string().regex(/^[a-z][a-z0-9-]{0,20}$/);
/** Which of its processes: its own one, or those of an agent's jobs as they are when the fault begins. */
const part = z.enum(["itself", "jobs"]).optional();

/** What can be broken on purpose: plain data, carried out by a file of its own for each kind (`faults/kinds.ts`). */
export const FaultSpec = z.discriminatedUnion("kind", [
  /** kill -9. Whoever was killed is started again when the fault is healed; jobs are not. */
  z.strictObject({ kind: z.literal("kill-process"), process: actor, part }),
  /** SIGSTOP: nothing is seen and nothing is sent; the jobs of an agent that stands still run on. */
  z.strictObject({ kind: z.literal("stop-process"), process: actor, part }),
  /** So much of one CPU is left to it, in percent. */
  z.strictObject({ kind: z.literal("slow-process"), process: actor, part, cpuPercent: z.number().min(1).max(100) }),
]);
export type FaultSpec = z.infer<typeof FaultSpec>;
export type FaultKindName = FaultSpec["kind"];
export type FaultSpecOf<Kind extends FaultKindName> = Extract<FaultSpec, { kind: Kind }>;

/** What a fault does to whom, for the live report. */
export function faultTitle(fault: FaultSpec): string {
  const { kind, ...rest } = fault;
  const settings = Object.entries(rest).map(([name, value]) =>
    typeof value === "string" ? value : `${name} ${value}`,
  );
  return `${kind} (${settings.join(", ")})`;
}
