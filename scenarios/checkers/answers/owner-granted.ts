import { type AgentState, agentTransition } from "../../../protocol/agent-states.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { isPeriodic } from "../pause/periodic-freeze.ts";
import { violation, type Violation } from "../story.ts";

/** How long an answer takes that waits for nothing, in milliseconds. */
const atOnceMs = 250;

interface Agent {
  state: AgentState;
  isShuttingDown: boolean;
  enrolledAt: number;
  /** The first and the latest word of the freeze in force, and by lease whether the job still runs that was saved in it. */
  began: RecordOf<"agent.frozen"> | null;
  frozen: RecordOf<"agent.frozen"> | null;
  readonly saved: Map<string, boolean>;
  paused: Figures | null;
  /** What the owner waits for, with what the agent was when it was asked. */
  readonly waiting: Map<
    number,
    { readonly asked: RecordOf<"witness.asked">; readonly state: AgentState; readonly leaves: boolean }
  >;
}

/** What a pause came to, as the records say. */
interface Figures {
  readonly frozen: RecordOf<"agent.frozen">["data"];
  readonly checkpoints: { readonly least: number; readonly most: number };
  readonly tookMs: { readonly least: number; readonly most: number };
}

const events = { pause: "pauseAsked", resume: "resumeAsked", withdraw: "withdrawAsked" } as const;

/**
 * WC-2, WC-3, WC-5: where nothing breaks an owner gets what the table of states grants, and what a pause says that it
 * froze and saved is what the records say.
 */
export const ownerGranted = checkerOf("an owner gets what the state of the agent grants (WC-5)", () => {
  const agents = new Map<string, Agent>();
  const agentOf = new Map<string, Agent>();
  let judged = 0;
  const judge = (record: RecordOf<"witness.answered">, agent: Agent): Violation | undefined => {
    const { request, command, ok, code, waitedMs, pause } = record.data;
    const one = agent.waiting.get(request);
    agent.waiting.delete(request);
    if (one === undefined || command === "status" || code === "ended") return undefined;
    judged += 1;
    const { asked, state, leaves } = one;
    const wrong = (what: string) =>
      violation(`${command} was asked of an agent that was ${state}, and ${what}`, asked, record);
    const grants = agentTransition(state, events[command], { busy: false }).accepted;
    if (!grants) return code === "refused" ? undefined : wrong("was not refused");
    if (command === "withdraw") return ok ? undefined : wrong(`was not granted: ${code}`);
    if (leaves) return command === "resume" || code === "shutting-down" ? undefined : wrong("cannot be granted");
    if (command === "resume") {
      if (!ok) return wrong(`was not granted: ${code}`);
      return waitedMs <= atOnceMs ? undefined : wrong(`was granted after ${waitedMs.toFixed(0)} ms`);
    }
    // A signal of the same moment was heard first.
    if (code === "shutting-down" && agent.isShuttingDown) return undefined;
    if (!ok) return code === "called-off" ? undefined : wrong(`was not granted: ${code}`);
    if (pause === null) return wrong("it does not say what it came to");
    // It is remembered, and nothing is waited for.
    if (state === "Enrolling") return waitedMs <= atOnceMs ? undefined : wrong(`waited for ${waitedMs.toFixed(0)} ms`);
    const { paused } = agent;
    if (paused === null) return wrong("is not Paused");
    if (pause.frozenSandboxes !== paused.frozen.sandboxes) return wrong("another number stands still");
    if (pause.freezeMs !== paused.frozen.freezeMs) return wrong(`its freeze took ${paused.frozen.freezeMs} ms`);
    if (isOutside(pause.checkpoints, paused.checkpoints)) return wrong("not so many checkpoints were saved");
    return isOutside(pause.snapshotMs, paused.tookMs) ? wrong("its snapshots took another time") : undefined;
  };
  const agentOfSource = (source: string): Agent | undefined => agentOf.get(source);
  return {
    on: {
      "agent.started": ({ source, data: { agentId } }) => {
        const agent: Agent = {
          ...{ state: "Enrolling", isShuttingDown: false, enrolledAt: 0, began: null, frozen: null, paused: null },
          saved: new Map(),
          waiting: agents.get(agentId ?? "")?.waiting ?? new Map(),
        };
        agents.set(agentId ?? "", agent);
        agentOf.set(source, agent);
      },
      "agent.state": ({ source, at, data: { from, to } }) => {
        const agent = agentOfSource(source);
        if (agent === undefined) return;
        agent.state = to;
        if (from === "Enrolling") agent.enrolledAt = at;
        agent.paused = to === "Paused" ? figuresOf(agent, at) : null;
      },
      "agent.shutdown": ({ source }) => {
        const agent = agentOfSource(source);
        if (agent !== undefined) agent.isShuttingDown = true;
      },
      "agent.frozen": (record) => {
        const agent = agentOfSource(record.source);
        if (agent === undefined) return;
        agent.frozen = record;
        if (!isPeriodic(record)) agent.began ??= record;
      },
      "agent.thawed": ({ source }) => {
        const agent = agentOfSource(source);
        if (agent === undefined) return;
        agent.began = null;
        agent.saved.clear();
      },
      "agent.checkpoint": ({ source, data: { leaseId } }) => {
        agentOfSource(source)?.saved.set(leaseId, true);
      },
      "agent.execution": ({ source, data: { leaseId } }) => {
        const saved = agentOfSource(source)?.saved;
        if (saved?.has(leaseId) === true) saved.set(leaseId, false);
      },
      "witness.asked": (record) => {
        const agent = agents.get(record.data.agentId ?? "");
        if (agent === undefined) return;
        // What was asked just before is heard first.
        const isToLeave = [...agent.waiting.values()].some(({ asked }) => asked.data.command === "withdraw");
        const state = isToLeave ? "Withdrawing" : agent.state;
        agent.waiting.set(record.data.request, { asked: record, state, leaves: agent.isShuttingDown });
      },
      "witness.answered": (record) => {
        const agent = agents.get(record.data.agentId ?? "");
        return agent === undefined ? undefined : judge(record, agent);
      },
    },
    end: () => (judged === 0 ? undecided("no owner heard an answer") : passed(`${judged} requests`)),
  };
});

function figuresOf({ began, frozen, saved, enrolledAt }: Agent, pausedAt: number): Figures | null {
  if (began === null || frozen === null) return null;
  const tookMs = pausedAt - began.at;
  // One that was asked for before is as old as that.
  const isRemembered = began.at - enrolledAt <= atOnceMs;
  return {
    frozen: frozen.data,
    checkpoints: { least: [...saved.values()].filter((runs) => runs).length, most: saved.size },
    tookMs: { least: tookMs - atOnceMs, most: isRemembered ? Infinity : tookMs + atOnceMs },
  };
}

function isOutside(figure: number, { least, most }: { least: number; most: number }): boolean {
  return figure < least || figure > most;
}
