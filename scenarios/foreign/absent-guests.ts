import type { Step, StepOf } from "../steps/step.ts";

const aboutJobs: ReadonlySet<Step["step"]> = new Set(["submit", "await-settled", "verify-results"]);

/** The agents of the cast whose joining was not applicable: nothing that is asked of them later on is. */
export class AbsentGuests {
  readonly #names = new Set<string>();

  left({ agent }: StepOf<"join" | "begin-joining">): void {
    this.#names.add(agent);
  }

  came({ agent }: StepOf<"join">): void {
    this.#names.delete(agent);
  }

  /** @param isAnybodyHere who would take jobs in the others' place */
  whyNot(step: Step, isAnybodyHere: boolean): string | null {
    const [first] = this.#names;
    if (first !== undefined && !isAnybodyHere && isAboutJobs(step)) return notHere(first);
    const asked = "holds" in step ? step.holds : step;
    if (step.step === "join" || !("agent" in asked) || asked.agent === undefined) return null;
    return this.#names.has(asked.agent) ? notHere(asked.agent) : null;
  }
}

function isAboutJobs(step: Step): boolean {
  return aboutJobs.has(step.step) || ("holds" in step && step.holds.fact === "jobs");
}

function notHere(name: string): string {
  return `${name} did not join`;
}
