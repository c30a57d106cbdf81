import { HouseguestError } from "../../foundation/errors.ts";

/** A step waited for something that did not happen in time. */
export class WaitError extends HouseguestError {
  override readonly name = "WaitError";
}

/** @param what completes the sentence "waited … for …" */
export function notInTime(what: string, withinMs: number): WaitError {
  return new WaitError(`Waited ${(withinMs / 1000).toFixed(1)} s in vain for ${what}.`, {
    code: "not-in-time",
    next: "The logs of agent and broker are in the run directory's logs/.",
  });
}

/** @param working how many sandboxes made progress at the end */
export function notBusy(step: { readonly sandboxes: number; readonly withinMs: number }, working: number): WaitError {
  return new WaitError(`Waited ${step.withinMs / 1000} s in vain for ${step.sandboxes} busy sandboxes.`, {
    code: "not-in-time",
    next: `At the end ${working} made progress; see the logs in the run directory.`,
  });
}
