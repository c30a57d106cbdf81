/** The jobs of a plan, as one batch. */
export const planBatch = "plan";

/** What the agent is called that a plan knows by its number. */
export function agentName(index: number): string {
  return `agent-${index}`;
}
