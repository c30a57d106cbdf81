import { StepError } from "./step-error.ts";

/** @param came what the owner heard instead */
export function notRefused(agent: string, came: string): StepError {
  return new StepError(`${agent} was to refuse a pause by name, and it was ${came}.`, {
    code: "not-refused",
    next: "The history in the run directory has what was asked and answered.",
  });
}
