import { startedAtMs } from "../../faults/clocks.ts";
import type { FaultContext, FaultProcesses, FaultStoreServer } from "../../faults/fault.ts";
import { orAborted } from "../../interruption.ts";
import { RouterLinks } from "../netns/router-links.ts";
import type { Actor } from "./actor.ts";
import type { HostStage } from "./host-stage.ts";
import { processStat } from "./proc.ts";
import { startAgent } from "./start-agent.ts";
import { startBroker } from "./start-broker.ts";
import { FaultError } from "../../faults/fault-error.ts";
import { rollBackStore, startStore, storeSocket } from "./start-store.ts";

/** Whoever is started again after a fault may find the others still busy with it. In milliseconds. */
const readyWithinMs = 60_000;

/** What faults may use of the processes on this host. */
export function hostFaultContext(stage: HostStage, number: number): Omit<FaultContext, "writeAhead"> {
  const { options, schedule } = stage;
  return {
    id: `${options.id}-fault-${number}`,
    number,
    links: stage.network === null ? stage.links : new RouterLinks(stage.network, stage.links),
    home: (name) => ({ path: stage.agent(name).home, disk: stage.disks.get(name) }),
    store: () => ({ directory: stage.storeDirectory, kept: stage.keptStores, server: storeServerOf(stage) }),
    clocks: {
      jump: (name, byMs) => stage.clocks.jump(name, byMs),
      offMs: (name) => clockOffMs(stage, actorOf(stage, name).pid),
    },
    place: stage.place,
    // On the stage netns its own address is one that only the others know.
    broker: () => ({ ...stage.running, url: stage.running.here }),
    signal: schedule.signal,
    processes: ({ process, part = "itself" }) => (part === "jobs" ? jobsOf(stage, process) : itself(process, stage)),
    cast: {
      ending: (name) => stage.pauses.ending(name),
      async exited(name) {
        await orAborted(actorOf(stage, name).exited, options.signal);
      },
      standsStill(pid) {
        const release = schedule.standsStill(pid);
        return () => void release();
      },
      startAgain: async (name) => await startAgain(stage, name),
    },
  };
}

function storeServerOf(stage: HostStage): FaultStoreServer | undefined {
  if (stage.storeServer === undefined) return undefined;
  return { socket: storeSocket(stage), rollBack: async (kept) => await rollBackStore(stage, kept) };
}

function actorOf(stage: HostStage, name: string): Actor {
  if (name === "store") return serverOf(stage);
  return name === "broker" ? stage.running.actor : stage.agent(name).actor;
}

function serverOf({ storeServer }: HostStage): Actor {
  if (storeServer !== undefined) return storeServer;
  throw new FaultError("The broker's store is no process, so that nothing can happen to it.", {
    code: "no-store",
    next: 'Set the scenario\'s store to "redis".',
  });
}

function itself(name: string, stage: HostStage): FaultProcesses {
  const { pid, startTime } = actorOf(stage, name);
  const processes = [{ pid, startTime, name }];
  if (name === "broker" || name === "store") return { target: name, role: name, processes };
  return { target: stage.agent(name).agentId, role: "agent", processes };
}

function jobsOf(stage: HostStage, name: string): FaultProcesses {
  const witness = stage.witness(name);
  try {
    const processes = witness.processes().flatMap((pid) => {
      const stat = processStat(pid);
      return stat === undefined ? [] : [{ pid, startTime: stat.startTime, name: stat.command }];
    });
    return { target: stage.agent(name).agentId, role: "jobs", processes };
  } finally {
    witness.close();
  }
}

async function startAgain(stage: HostStage, name: string): Promise<string> {
  if (!actorOf(stage, name).hasExited()) return `${name} is up`;
  if (name === "store") return `the store is up again: ${await startStore(stage)}`;
  if (name === "broker") return `the broker is up again: ${await startBroker(stage)}`;
  const { slots } = stage.agent(name);
  const { agent } = await startAgent(stage, { name, slots, readyWithinMs });
  return `${name} is up again, pid ${agent.actor.pid}`;
}

/** By what it first said of itself: agents and brokers name their pid then. */
function clockOffMs({ records }: HostStage, pid: number): number | undefined {
  const startMs = startedAtMs(pid);
  const said = records.findLast(
    ({ type, data }) => (type === "agent.started" || type === "broker.started") && "pid" in data && data.pid === pid,
  );
  return said === undefined || startMs === undefined ? undefined : said.at - startMs;
}
