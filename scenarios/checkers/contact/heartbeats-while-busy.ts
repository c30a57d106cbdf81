import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { neededMs } from "../setting.ts";
import { violation } from "../story.ts";

/**
 * EG-3: an agent all of whose slots are busy goes on signalling, and its broker does not take it for lost. Settings:
 * `busyMsMin`, for how long it must have been busy at a stretch for this to prove anything: longer than the broker's
 * patience; `silenceMsMax`, that patience.
 */
export const heartbeatsWhileBusy = checkerOf(
  "an agent whose slots are all busy goes on signalling (EG-3)",
  {
    busyMsMin: neededMs("for how long every slot is busy at a stretch"),
    silenceMsMax: neededMs("the broker's patience"),
  },
  ({ busyMsMin, silenceMsMax }) => {
    const agents = new Map<string, { first: RecordOf<"broker.heartbeat">; last: RecordOf<"broker.heartbeat"> }>();
    let beats = 0;
    let busyMs = 0;
    let silenceMs = 0;
    return {
      on: {
        "broker.heartbeat": (record) => {
          const { agentId, slotsFree } = record.data;
          const before = agents.get(agentId);
          if (slotsFree > 0) {
            agents.delete(agentId);
            return;
          }
          beats += 1;
          agents.set(agentId, { first: before?.first ?? record, last: record });
          if (before === undefined) return;
          const gapMs = record.at - before.last.at;
          silenceMs = Math.max(silenceMs, gapMs);
          busyMs = Math.max(busyMs, record.at - before.first.at);
          if (gapMs <= silenceMsMax) return;
          return violation(`a busy agent was silent for ${gapMs.toFixed(0)} ms`, before.last, record);
        },
        "broker.agent": (record) =>
          record.data.standing === "lost" ? violation("a busy agent was taken for lost", record) : undefined,
      },
      end() {
        const words = `${beats} heartbeats while every slot was busy, for ${busyMs.toFixed(0)} ms, the longest silence ${silenceMs.toFixed(0)} ms`;
        return beats === 0 || busyMs < busyMsMin ? undecided(`${words}: ${busyMsMin} ms are wanted`) : passed(words);
      },
    };
  },
);
