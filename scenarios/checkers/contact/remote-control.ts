import { isDeepStrictEqual } from "node:util";

import { checkerOf, failed, passed, type RecordOf, undecided } from "../checker.ts";
import { atLeast } from "../setting.ts";
import { violation } from "../story.ts";

/**
 * FE-1: what a hub asks of its spoke is done there: a spawn has one agent running, a kill has it killed and gone, and what
 * the hub tells of it is what the spoke shows. Settings: `spawnsMin`, `statusesMin` and `killsMin` (default 1 each).
 */
export const remoteControl = checkerOf(
  "a hub's commands are done at its spoke, and what it tells is so (FE-1)",
  {
    spawnsMin: atLeast(1, "agents that the hub has started"),
    statusesMin: atLeast(1, "times that it tells of one"),
    killsMin: atLeast(1, "agents that it has killed"),
  },
  ({ spawnsMin, statusesMin, killsMin }) => {
    const spawns = new Map<string, RecordOf<"broker.command">>();
    const kills = new Map<string, RecordOf<"broker.command">>();
    const ran = new Set<string>();
    const last = new Map<string, RecordOf<"broker.execution">>();
    const gone = new Set<string>();
    let statuses = 0;
    return {
      on: {
        "witness.delivery": (record) => {
          const { truth, code, action } = record.data;
          if (truth !== "genuine" || code === "ok") return;
          return violation(`the hub's own ${action} was refused as ${code}`, record);
        },
        "broker.command": (record) => {
          const { action, how, executionIds } = record.data;
          if (how !== "executed" || action === "status") return;
          const of = action === "spawn" ? spawns : kills;
          for (const executionId of executionIds) of.set(executionId, record);
        },
        "broker.execution": (record) => {
          const { executionId, to } = record.data;
          last.set(executionId, record);
          if (to === "running") ran.add(executionId);
        },
        "witness.execution": (record) => {
          if (record.data.change === "gone") gone.add(record.data.executionId);
        },
        "witness.remote": (record) => {
          statuses += 1;
          const { hub, spoke, executionId } = record.data;
          if (hub !== null && isDeepStrictEqual(hub, spoke)) return;
          return violation(`the hub tells of ${executionId} what is not so`, spawns.get(executionId), record);
        },
      },
      end() {
        for (const [executionId, spawn] of spawns) {
          if (!ran.has(executionId)) return failed(violation(`${executionId} was asked for and never ran`, spawn));
        }
        for (const [executionId, kill] of kills) {
          const told = last.get(executionId);
          const state = told?.data.to ?? "unknown";
          if (state !== "killed")
            return failed(violation(`${executionId} was to be killed and is ${state}`, kill, told));
          if (!gone.has(executionId))
            return failed(violation(`${executionId} is killed, and nobody saw it go`, kill, told));
        }
        const figures = `${spawns.size} started, ${statuses} told of, ${kills.size} ended`;
        const isEnough = spawns.size >= spawnsMin && statuses >= statusesMin && kills.size >= killsMin;
        return isEnough ? passed(figures) : undecided(`${figures}; more were to be`);
      },
    };
  },
);
