import * as z from "zod";

import { agentStates } from "../../protocol/agent-states.ts";
import { jobStates } from "../../protocol/job-states.ts";
import { agentName } from "./kinds/fields.ts";

const range = { min: z.int().min(0).optional(), max: z.int().min(0).optional() };

/** What can be looked up at any moment of a run, for the steps `probe` and `eventually-within`; a count has a range. */
export const Fact = z.discriminatedUnion("fact", [
  /** What the agent answers its owner of its state. */
  z.strictObject({ fact: z.literal("state"), agent: agentName, is: z.enum(agentStates) }),
  /** How many leases the agent says that it holds. */
  z.strictObject({ fact: z.literal("leases"), agent: agentName, ...range }),
  /** In how many of its sandboxes a job runs: until its processes are gone, if they stand still or are being ended too. */
  z.strictObject({ fact: z.literal("sandboxes-running"), agent: agentName, ...range }),
  /** How much its host ledger holds. */
  z.strictObject({ fact: z.literal("ledger-entries"), agent: agentName, ...range }),
  /** Whether the agent's own process is there, as the host shows it. */
  z.strictObject({ fact: z.literal("process"), agent: agentName, is: z.enum(["running", "ended"]) }),
  /** Whether the directory is there in which the agent lives. */
  z.strictObject({ fact: z.literal("home"), agent: agentName, is: z.enum(["there", "gone"]) }),
  /** Whether the agent says that its broker answers. */
  z.strictObject({ fact: z.literal("broker-heard"), agent: agentName, is: z.boolean() }),
  /** Whether the broker answers its operator. */
  z.strictObject({ fact: z.literal("broker"), is: z.enum(["up", "down"]) }),
  /** How many jobs of the batch the broker shows in that state. */
  z.strictObject({ fact: z.literal("jobs"), batch: z.string(), state: z.enum(jobStates), ...range }),
]);
export type Fact = z.infer<typeof Fact>;

export const factNames = Fact.options.map(({ shape }) => shape.fact.value);

/** @returns a sentence's part: "donor is Idle" */
export function factTitle(fact: Fact): string {
  switch (fact.fact) {
    case "state":
      return `${fact.agent} is ${fact.is}`;
    case "leases":
      return `${fact.agent} holds ${rangeWords(fact)} leases`;
    case "sandboxes-running":
      return `${fact.agent} runs ${rangeWords(fact)} jobs`;
    case "ledger-entries":
      return `${fact.agent}'s host ledger has ${rangeWords(fact)} entries`;
    case "process":
      return `${fact.agent}'s process ${fact.is === "running" ? "runs" : "has ended"}`;
    case "home":
      return `${fact.agent}'s home is ${fact.is}`;
    case "broker-heard":
      return `${fact.agent} ${fact.is ? "hears" : "does not hear"} its broker`;
    case "broker":
      return `the broker is ${fact.is}`;
    case "jobs":
      return `${rangeWords(fact)} jobs (${fact.batch}) are ${fact.state}`;
  }
}

type Range = { readonly min?: number | undefined; readonly max?: number | undefined };

export function isWithin(count: number, { min = 0, max = Number.POSITIVE_INFINITY }: Range): boolean {
  return min <= count && count <= max;
}

function rangeWords({ min, max }: Range): string {
  if (max === undefined) return min === undefined ? "any number of" : `at least ${min}`;
  return min === max ? `${max}` : min === undefined ? `at most ${max}` : `${min} to ${max}`;
}
