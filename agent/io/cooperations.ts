import { join } from "node:path";

import type { AgentEffect } from "../core/effect.ts";
import type { AgentInput } from "../core/input.ts";
import { type FileWait, stampOf, waitForFile } from "../sandbox/file-wait.ts";
import type { Sandbox } from "../sandbox/port.ts";

/** Jobs that were asked to put their files in order, and what is waited for of each. How long, the core decides. */
export class Cooperations {
  readonly #see: (input: AgentInput) => void;
  readonly #waits = new Set<FileWait>();
  /** Grows with every end: who is about to be asked then is not. */
  #round = 0;

  constructor(see: (input: AgentInput) => void) {
    this.#see = see;
  }

  async ask(
    { leaseId, generation, cooperative: { file, signal } }: Extract<AgentEffect, { kind: "askCooperation" }>,
    { sandbox, workspace }: { sandbox: Sandbox | undefined; workspace: string },
  ): Promise<void> {
    const round = this.#round;
    const before = await stampOf(join(workspace, file));
    // Frozen meanwhile: a signal now would be heard after the thaw, and answered to nobody.
    if (round !== this.#round) return;
    const tell = (answer: "ready" | "unheard"): void => {
      wait.close();
      this.#waits.delete(wait);
      this.#see({ type: "cooperated", leaseId, generation, answer });
    };
    const wait = waitForFile({ directory: workspace, name: file, before, onWritten: () => tell("ready") });
    this.#waits.add(wait);
    if (sandbox?.signal(signal) !== true) tell("unheard");
  }

  end(): void {
    this.#round += 1;
    for (const wait of this.#waits) wait.close();
    this.#waits.clear();
  }
}
