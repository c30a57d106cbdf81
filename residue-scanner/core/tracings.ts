import { askCalls } from "./ask-events.ts";
import type { Lineage } from "./lineage.ts";
import type { ProcessEvent } from "./process-events.ts";
import type { Act } from "./recording.ts";

/** A tracer follows its children without attaching to them: a few are many. */
const tracingsMax = 10_000;

/**
 * Who attached to whom (ptrace(2)): as long as it lives, a tracer can have the process call the kernel for it, and that
 * looks as if the process did so by itself. That it lets go ends nothing: it may have attached to several threads, and has
 * attached to whatever these began without that being told. Whoever has itself traced (PTRACE_TRACEME) asked for it, and
 * is not told.
 */
export class Tracings {
  /** How many were more than are kept. */
  dropped = 0;
  private readonly lineage: Pick<Lineage, "retain" | "serialAt" | "wallMs">;
  /** By the two: profilers attach to the same process many times a second. */
  private readonly kept = new Map<string, { readonly by: number; readonly asked: number; readonly atMs: number }>();

  constructor(lineage: Pick<Lineage, "retain" | "serialAt" | "wallMs">) {
    this.lineage = lineage;
  }

  note({ pid, tracer, atNs }: Extract<ProcessEvent, { kind: "trace" }>): void {
    if (tracer === 0) return;
    const { lineage, kept } = this;
    const asked = lineage.serialAt(pid, atNs);
    const by = lineage.serialAt(tracer, atNs);
    if (asked === null || by === null || kept.has(`${by} ${asked}`)) return;
    if (kept.size >= tracingsMax) {
      this.dropped += 1;
      return;
    }
    for (const serial of [asked, by]) lineage.retain(serial);
    kept.set(`${by} ${asked}`, { by, asked, atMs: lineage.wallMs(atNs) });
  }

  /** Whoever reads them cuts their time short by the tracer's end. */
  acts(): Act[] {
    return [...this.kept.values()].map(({ by, asked, atMs }) => {
      const parameters = { asked: String(asked), untilMs: String(Number.POSITIVE_INFINITY) };
      return { by, call: askCalls.tracing, parameters, returned: null, atMs };
    });
  }
}
