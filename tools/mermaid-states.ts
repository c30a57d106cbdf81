import { agentEvents, agentStates, agentTransition } from "../protocol/agent-states.ts";
import { executionStates, executionSuccessors } from "../protocol/execution-states.ts";
import { jobStates, jobSuccessors } from "../protocol/job-states.ts";

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

/** The marked blocks of ARCHITECTURE.md, by name, as Mermaid source drawn from the state tables. */
export const stateDiagrams: Readonly<Record<string, string>> = {
  agent: diagram("Enrolling", agentEdges(), ["Withdrawn"]),
  execution: tableDiagram("spawning", executionStates, executionSuccessors),
  job: tableDiagram("queued", jobStates, jobSuccessors),
};

/** Replaces each block between its markers; throws when a marker is missing. */
export function withStateDiagrams(document: string): string {
  let result = document;
  for (const [name, source] of Object.entries(stateDiagrams)) {
    const [begin, end] = [`<!-- states:${name} -->`, `<!-- /states:${name} -->`];
    const [from, to] = [result.indexOf(begin), result.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`The markers ${begin} and ${end} are missing`);
    result = `${result.slice(0, from + begin.length)}\n\`\`\`mermaid\n${source}\n\`\`\`\n${result.slice(to)}`;
  }
  return result;
}

function agentEdges(): Edge[] {
  return agentStates.flatMap((from) =>
    agentEvents.flatMap((event) => {
      const [busy, free] = [true, false].map((busy) => agentTransition(from, event, { busy }));
      const targets = [busy, free].map((transition) => (transition?.accepted ? transition.to : from));
      if (targets[0] === targets[1]) return edge(from, targets[0], event);
      return [...edge(from, targets[0], `${event} [busy]`), ...edge(from, targets[1], `${event} [free]`)];
    }),
  );
}

/** Staying where one is draws no arrow. */
function edge(from: string, to: string | undefined, label: string): Edge[] {
  return to === undefined || to === from ? [] : [{ from, to, label }];
}

function tableDiagram<State extends string>(
  start: State,
  states: readonly State[],
  successors: Readonly<Record<State, readonly State[]>>,
): string {
  const edges = states.flatMap((from) => successors[from].map((to) => ({ from, to, label: "" })));
  return diagram(
    start,
    edges,
    states.filter((state) => successors[state].length === 0),
  );
}

function diagram(start: string, edges: readonly Edge[], ends: readonly string[]): string {
  const arrows = edges.map(({ from, to, label }) => `  ${from} --> ${to}${label === "" ? "" : `: ${label}`}`);
  return ["stateDiagram-v2", `  [*] --> ${start}`, ...arrows, ...ends.map((end) => `  ${end} --> [*]`)].join("\n");
}
