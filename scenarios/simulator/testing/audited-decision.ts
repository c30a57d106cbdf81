import { apply } from "../../../agent/core/agent.ts";
import type { AgentEffect } from "../../../agent/core/effect.ts";
import type { AgentInput } from "../../../agent/core/input.ts";
import type { AgentCore } from "../../../agent/core/state.ts";
import type { ModelWorld } from "../../../agent/testing/model-world.ts";
import { auditAgent, copyOf, stepOf } from "../world/agent-audit/agent-audit.ts";

export interface Made {
  readonly core: AgentCore;
  readonly effects: AgentEffect[];
}

/** Lets the agent of a world decide, lets somebody spoil what came of it, and has that judged; none of it happens. */
export function audited(
  { core, nowMs }: ModelWorld,
  input: AgentInput,
  spoil: (made: Made) => void = () => undefined,
): void {
  const before = copyOf(core);
  const turn = apply(core, input, nowMs);
  const effects = [...turn.effects];
  spoil({ core: turn.state, effects });
  auditAgent(stepOf(before, input, { ...turn, effects }, nowMs));
}

/** Takes every effect of one kind away. */
export function without({ effects }: Made, kind: AgentEffect["kind"]): void {
  effects.splice(0, effects.length, ...effects.filter((effect) => effect.kind !== kind));
}
