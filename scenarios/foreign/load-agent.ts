import { resolve } from "node:path";

import { UsageError } from "../../foundation/errors.ts";
import { nearest } from "../../foundation/nearest.ts";
import { fileProblems, type Problem, unknownField } from "../loading/file-problem.ts";
import { importFile } from "../loading/import-file.ts";
import type { AgentDefinition, DefinedAgent } from "./define-agent.ts";

/** An adapter and the file that it is from. */
export interface LoadedAgent {
  /** Absolute. */
  readonly file: string;
  readonly definition: AgentDefinition;
}

/** What each field may hold. */
const fields: { readonly [Field in keyof Required<AgentDefinition>]: readonly Kind[] } = {
  name: ["text"],
  usesBroker: ["truth"],
  join: ["command", "function"],
  readyWithinMs: ["number"],
  status: ["command", "function"],
  pids: ["function"],
  pause: ["command", "function"],
  standsWithinMs: ["number"],
  resume: ["command", "function"],
  submit: ["function"],
  withdraw: ["command", "function"],
  undo: ["command"],
};
type Kind = "text" | "truth" | "number" | "command" | "function";

const words: Readonly<Record<Kind, string>> = {
  ...{ text: "a text", truth: "true or false", number: "a number of milliseconds" },
  ...{ command: "a list of a program and its arguments", function: "a function" },
};

/**
 * Loads an adapter.
 *
 * @throws UsageError `not-on-netns`; `bad-file`, naming file, line and what was probably meant
 */
export async function loadAgent(path: string, stage: "host" | "netns" = "host"): Promise<LoadedAgent> {
  if (stage === "netns") {
    throw new UsageError("Somebody else's agent cannot be put into a network of its own.", {
      code: "not-on-netns",
      next: "Run it with --stage host.",
    });
  }
  const file = resolve(path);
  const { default: exported } = await importFile(file);
  if (!isDefined(exported)) {
    const what = exported === undefined ? "it has no default export" : "its default export is no agent";
    throw fileProblems(file, [{ path: [], message: `${what}: write \`export default defineAgent({ … })\`` }]);
  }
  const problems = problemsOf(exported.agent);
  if (problems.length > 0) throw fileProblems(file, problems);
  return { file, definition: exported.agent };
}

function isDefined(value: unknown): value is DefinedAgent {
  if (typeof value !== "object" || value === null || !("agent" in value)) return false;
  return typeof value.agent === "object" && value.agent !== null;
}

function problemsOf(agent: AgentDefinition): Problem[] {
  const problems: Problem[] = [];
  for (const [field, value] of Object.entries(agent)) {
    const kinds = Object.hasOwn(fields, field) ? fields[field as keyof typeof fields] : undefined;
    if (kinds === undefined) {
      const message = unknownField("an agent", field, nearest(field, Object.keys(fields)) ? Object.keys(fields) : []);
      problems.push({ path: [field], text: field, message });
    } else if (value !== undefined && !kinds.some((kind) => isA(kind, value))) {
      problems.push({ path: [field], message: `${field} must be ${kinds.map((kind) => words[kind]).join(" or ")}` });
    }
  }
  for (const field of ["name", "join", "withdraw"] as const) {
    if (agent[field] === undefined) problems.push({ path: [], message: `an agent needs ${field}` });
  }
  if (typeof agent.withdraw === "function" && agent.undo === undefined) {
    const message = "where withdraw is a function, an agent needs undo: a command that a killed harness leaves behind";
    problems.push({ path: ["withdraw"], message });
  }
  return problems;
}

function isA(kind: Kind, value: unknown): boolean {
  switch (kind) {
    case "text":
      return typeof value === "string" && value !== "";
    case "truth":
      return typeof value === "boolean";
    case "number":
      return typeof value === "number" && value > 0;
    case "command":
      return Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === "string");
    case "function":
      return typeof value === "function";
  }
}
