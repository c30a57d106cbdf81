import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import * as z from "zod";

import { messageOf, systemCode, UsageError } from "../../foundation/errors.ts";
import { brokenTimingRules } from "../../protocol/timing-rules.ts";
import { makeDirectories } from "../make-directories.ts";
import { Plan } from "../simulator/plan/plan.ts";
import { profileNames } from "../simulator/plan/profiles.ts";

/** The version of plans that this program writes, and the only one that it runs. */
const version = Plan.shape.version.value;
/** What those of other versions have as well. */
const anyPlan = z.object({ version: z.number(), steps: z.array(z.unknown()) });
const seedLengthMax = 60;

/**
 * Writes a plan for people and tools: indented, its fields always in the same order.
 *
 * @throws UsageError `plan-file` when it cannot be written
 */
export function writePlan(path: string, plan: Plan): void {
  try {
    makeDirectories(dirname(path));
    // Parsing puts the fields into the order of the schema, however the plan came to be.
    writeFileSync(path, `${JSON.stringify(Plan.parse(plan), undefined, 2)}\n`);
  } catch (error) {
    throw new UsageError(`The plan ${path} cannot be written: ${messageOf(error)}.`, {
      code: "plan-file",
      next: "Name a folder that you may write to with --out DIR.",
      cause: error,
    });
  }
}

/**
 * @throws UsageError `no-plan` when there is no such file, `broken-plan` when it is none that can be run, `plan-version`
 *   when another version of this program wrote it
 */
export function readPlan(path: string): Plan {
  const value = parsed(path, contentOf(path));
  const written = anyPlan.safeParse(value).data?.version;
  if (written === undefined) {
    throw new UsageError(`${path} is no plan: it does not hold the version and the steps of one.`, {
      code: "broken-plan",
      next: "Name a file that `scenarios simulate` wrote.",
    });
  }
  if (written !== version) {
    throw new UsageError(`${path} is a plan of version ${written}, and this program runs ${version}.`, {
      code: "plan-version",
      next: "Replay it with the Houseguest that wrote it, or run its seed again with `scenarios simulate --seed SEED`.",
    });
  }
  const plan = Plan.safeParse(value);
  if (!plan.success) throw brokenPlan(path, z.prettifyError(plan.error).replaceAll("\n", " "), plan.error);
  const trouble = contradictionIn(plan.data);
  if (trouble !== null) throw brokenPlan(path, trouble, null);
  return plan.data;
}

/** What no seed draws and the world does not understand, or null: the schema sees each field alone. */
function contradictionIn({ profile, steps, options }: Plan): string | null {
  const { agents, latencyMsMin, latencyMsMax, timing } = options;
  // It decides how a run is judged (churn-gate.ts), and an unknown one would leave that out.
  if (!profileNames.some((name) => name === profile)) {
    return `the profile ${JSON.stringify(profile)} is none of ${profileNames.join(", ")}`;
  }
  // Nothing would happen at such a step, and a plan that does nothing passes.
  for (const [index, step] of steps.entries()) {
    if (!("agent" in step) || step.agent === null || step.agent < agents) continue;
    return `steps[${index}] (${step.do}) names agent ${step.agent}, and the cast ends with agent ${agents - 1}`;
  }
  if (latencyMsMin > latencyMsMax) return `latencyMsMin ${latencyMsMin} is more than latencyMsMax ${latencyMsMax}`;
  return brokenTimingRules(timing)[0] ?? null;
}

/** `<invariant>-<seed>.json`; a seed that cannot be a file's name is made one, and stays distinct. */
export function planFileName({ invariant, seed }: { invariant: string; seed: string }): string {
  const plain = seed.replaceAll(/[^\w.-]/g, "_").slice(0, seedLengthMax);
  const digest = createHash("sha256").update(seed).digest("hex").slice(0, 8);
  return `${invariant.replaceAll(/[^\w.-]/g, "_")}-${plain === seed ? seed : `${plain}-${digest}`}.json`;
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`The plan ${path} cannot be read: ${systemCode(error) ?? messageOf(error)}.`, {
      code: "no-plan",
      next: "Name the file that `scenarios simulate` printed last; it writes plans to .scenarios/plans/.",
      cause: error,
    });
  }
}

function parsed(path: string, content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw brokenPlan(path, messageOf(error), error);
  }
}

function brokenPlan(path: string, why: string, cause: unknown): UsageError {
  return new UsageError(`${path} is no plan that can be run: ${why}.`, {
    code: "broken-plan",
    next: "Name a file that `scenarios simulate` wrote, or mend what it says.",
    cause,
  });
}
