import type { Fact } from "../steps/facts.ts";
import type { Step, StepOf } from "../steps/step.ts";
import type { AgentDefinition } from "./define-agent.ts";

type Lacks<Name extends Step["step"]> = (agent: AgentDefinition, step: StepOf<Name>) => string | null;

const nothing = (): null => null;

/** The steps that can be asked of somebody else's agent, each with what that agent may lack for it. */
const lacking = {
  together: nothing,
  during: nothing,
  repeat: nothing,
  wait: nothing,
  own: nothing,
  join: unjoinable,
  withdraw: nothing,
  "start-broker": noBroker,
  "kill-broker": noBroker,
  "await-settled": noBroker,
  "verify-results": noBroker,
  submit: (agent) => (agent.usesBroker === true || agent.submit !== undefined ? null : `${agent.name} takes no jobs`),
  pause: (agent) => without(agent, "pause"),
  "watch-frozen": (agent) => without(agent, "pause"),
  resume: (agent) => without(agent, "resume"),
  "pause-resume-cycles": (agent) => without(agent, "pause") ?? without(agent, "resume"),
  probe: (agent, { holds }) => untold(agent, holds),
  "eventually-within": (agent, { holds }) => untold(agent, holds),
} as const satisfies { readonly [Name in Step["step"]]?: Lacks<Name> };

export type ForeignStepName = keyof typeof lacking;

/** Why a step does not apply to somebody else's agent, known before it is asked; null where it does. */
export function whyNotApplicable(agent: AgentDefinition, step: Step): string | null {
  if (!isForeign(step)) return `${agent.name} has nothing that "${step.step}" is about`;
  return (lacking[step.step] as Lacks<typeof step.step>)(agent, step);
}

export function isForeign(step: Step): step is StepOf<ForeignStepName> {
  return Object.hasOwn(lacking, step.step);
}

function noBroker({ name, usesBroker }: AgentDefinition): string | null {
  return usesBroker === true ? null : `${name} takes no work from a broker`;
}

/**
 * What is demanded of the agent itself, and what others are to be safe by. The rest that a `join` may ask for is there
 * for steps that do not apply either.
 */
function unjoinable({ name }: AgentDefinition, { autostart, cage }: StepOf<"join">): string | null {
  if (cage !== undefined) return `nothing would hold what ${name} and its jobs take`;
  return autostart === true ? `${name} has nothing by which it is started with the host` : null;
}

function without(agent: AgentDefinition, field: "pause" | "resume" | "status"): string | null {
  return agent[field] === undefined ? `${agent.name} has no ${field}` : null;
}

/** What can be seen of somebody else's agent is its processes, its home, and the state that its adapter tells. */
function untold(agent: AgentDefinition, { fact }: Fact): string | null {
  if (fact === "broker" || fact === "jobs") return noBroker(agent);
  if (fact === "state") return without(agent, "status");
  return fact === "process" || fact === "home" ? null : `${agent.name} tells nothing of its ${fact}`;
}
