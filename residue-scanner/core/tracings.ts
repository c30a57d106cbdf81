import { askCalls } from "./ask-events.ts";
import type { Lineage } from "./lineage.ts";
import type { ProcessEvent } from "./process-events.ts";
import type { Act } from "./recording.ts";

/** A tracer follows its children without attaching to them: a few are many. */
const tracingsMax = 10_000;

/**
 * Who attached to whom (ptrace(2)): until it lets go, a tracer can have the process call the kernel for it, and that looks
 * as if the process did so by itself. Whoever has itself traced (PTRACE_TRACEME) asked for it, and is not told.
 */
export class Tracings {
  /** How many were more than are kept. */
  dropped = 0;
  private readonly lineage: Pick<Lineage, "retain" | "serialAt" | "wallMs">;
  private readonly kept: { readonly by: number; readonly asked: number; readonly atMs: number; untilMs: number }[] = [];

  constructor(lineage: Pick<Lineage, "retain" | "serialAt" | "wallMs">) {
    this.lineage = lineage;
  }

  note({ pid, tracer, atNs }: Extract<ProcessEvent, { kind: "trace" }>): void {
    const { lineage } = this;
    const asked = lineage.serialAt(pid, atNs);
    const atMs = lineage.wallMs(atNs);
    for (const each of this.kept) if (each.asked === asked && tracer === 0) each.untilMs = Math.min(each.untilMs, atMs);
    const by = tracer === 0 ? null : lineage.serialAt(tracer, atNs);
    if (asked === null || by === null) return;
    if (this.kept.length >= tracingsMax) {
      this.dropped += 1;
      return;
    }
    for (const serial of [asked, by]) lineage.retain(serial);
    this.kept.push({ by, asked, atMs, untilMs: Number.POSITIVE_INFINITY });
  }

  acts(): Act[] {
    return this.kept.map(({ by, asked, atMs, untilMs }) => {
      const parameters = { asked: String(asked), untilMs: String(untilMs) };
      return { by, call: askCalls.tracing, parameters, returned: null, atMs };
    });
  }
}
