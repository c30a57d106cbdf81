import { createMachine, initialTransition, transition } from "xstate";

import { apply as applyAgent } from "../agent/core/agent.ts";
import { apply as applyBroker } from "../broker-sim/core/apply.ts";
import {
  type AgentDecision,
  type AgentEvent,
  type AgentState,
  agentStates,
  agentTransitions,
} from "../protocol/agent-states.ts";
import { defaultTiming } from "../protocol/timing.ts";
import { type Benchmark, type BenchmarkResult, median } from "./benchmark.ts";
import { DirectWire, freshAgent, freshBroker } from "./direct-wire.ts";
import { heapLoopRate } from "./heap-loop.ts";

const rounds = 7;
const agents = 100;
const heartbeats = 200;
const yardstickEvents = 400_000;

/**
 * What one step of the two reducers costs, in a mix of idle heartbeats, heartbeats with leases, lives of jobs and
 * pauses: against XState's pure `transition` on the agent's own table, which only looks up the next state, and against
 * the heap under every simulation.
 */
export const reducerSteps: Benchmark = {
  name: "reducer-steps",
  async run() {
    const lives = recordLives();
    const rates: Record<"agent" | "broker" | "xstate" | "heap", number[]> = {
      agent: [],
      broker: [],
      xstate: [],
      heap: [],
    };
    for (let round = 0; round < rounds; round += 1) {
      rates.agent.push(agentRate(lives));
      rates.broker.push(brokerRate(lives));
      rates.xstate.push(machineRate());
      rates.heap.push(heapLoopRate({ pending: 10_000, events: yardstickEvents }));
    }
    const notes = [
      `${agents} agents, ${heartbeats} heartbeats each; a job for every tenth of them, a pause for every fortieth`,
    ];
    const xstate = {
      yardstick: "XState transition, the agent's table",
      yardstickRate: median(rates.xstate),
      target: 1,
    };
    const heap = { yardstick: "bare heap loop, 10,000 pending", yardstickRate: median(rates.heap), target: null };
    return (["agent", "broker"] as const).flatMap((actor) =>
      [xstate, heap].map((yardstick): BenchmarkResult => {
        return {
          ...yardstick,
          subject: `${actor}'s reducer`,
          subjectRate: median(rates[actor]),
          unit: "steps/s",
          rounds,
          notes,
        };
      }),
    );
  },
};

function recordLives(): DirectWire {
  const wire = new DirectWire(agents);
  const job = { command: ["true"], environment: {}, workspaceBytesMax: 1, redeliveriesMax: 3 };
  for (let beat = 0; beat < heartbeats; beat += 1) {
    wire.nowMs += defaultTiming.heartbeatIntervalMs;
    wire.submit(Array.from({ length: agents / 10 }, () => job));
    for (const [index, agent] of wire.agents.entries()) {
      const request = (command: "pause" | "resume"): void =>
        wire.tell(agent, { type: "control", requestId: `${command}-${beat}`, request: { command } });
      // Who runs a job is done with it by the next heartbeat, unless it is paused then.
      const paused = (beat + index) % 40 === 0;
      if (!paused && (beat + index) % 40 === 1) request("resume");
      if (!paused) for (const leaseId of agent.running.splice(0)) wire.tell(agent, jobEnded(leaseId));
      wire.tell(agent, { type: "timer", name: "heartbeat" });
      if (paused) request("pause");
    }
  }
  return wire;
}

function jobEnded(leaseId: string): Parameters<DirectWire["tell"]>[1] {
  const end = { reason: { by: "itself", exitCode: 0 }, progress: 1, result: null, resultProblem: null } as const;
  return { type: "sandboxExited", leaseId, ...end };
}

function agentRate(lives: DirectWire): number {
  let steps = 0;
  const startedMs = performance.now();
  for (const { caller, seen } of lives.agents) {
    let core = freshAgent(caller.instanceId);
    for (const { input, nowMs } of seen) core = applyAgent(core, input, nowMs).state;
    steps += seen.length;
  }
  return perSecond(steps, startedMs);
}

function brokerRate({ brokerSeen }: DirectWire): number {
  const broker = freshBroker();
  const startedMs = performance.now();
  for (const { input, nowMs } of brokerSeen) applyBroker(broker, input, nowMs);
  return perSecond(brokerSeen.length, startedMs);
}

/** A life without an end, so that it can be gone through again and again. */
const life: readonly AgentEvent[] = ["enrolled", "workStarted", "pauseAsked", "paused", "resumeAsked", "workEnded"];

function machineRate(): number {
  const machine = createMachine({
    id: "agent",
    initial: "Enrolling",
    states: Object.fromEntries(agentStates.map(machineState)),
  });
  const events = life.map((type) => ({ type, busy: type === "resumeAsked" }));
  let [state] = initialTransition(machine);
  const steps = yardstickEvents / 2;
  const startedMs = performance.now();
  for (let step = 0; step < steps; step += 1) {
    [state] = transition(machine, state, events[step % events.length] as (typeof events)[number]);
  }
  return perSecond(steps, startedMs);
}

type States = NonNullable<Parameters<typeof createMachine>[0]["states"]>;

function machineState(state: AgentState): [string, States[string]] {
  const decisions = Object.entries(agentTransitions[state]);
  return [
    state,
    { on: Object.fromEntries(decisions.map(([event, decision]) => [event, machineTransition(decision)])) },
  ];
}

/** The table's word in XState's: what is refused has no transition, what stays has one without a target. */
function machineTransition(decision: AgentDecision): NonNullable<States[string]["on"]>[string] {
  if ("refuse" in decision) return undefined;
  if ("stay" in decision) return {};
  if (decision.to !== "WorkingIfBusy") return { target: decision.to };
  return [{ target: "Working", guard: ({ event }) => event["busy"] === true }, { target: "Idle" }];
}

function perSecond(count: number, startedMs: number): number {
  return count / ((performance.now() - startedMs) / 1_000);
}
