import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { forgottenJobs } from "../forgotten-jobs.ts";
import { violation } from "../story.ts";

/** What a spoke takes; everything else it refuses. */
const taken: ReadonlySet<string> = new Set(["genuine", "again"]);

/**
 * I10 for the commands that a hub sends its spoke: what nobody may have sent, or comes too late or twice, is refused;
 * what is tried again because an answer was lost is carried out once (FE-2; docs/cases.md, cases 67 and 68).
 */
export const commandsOnce = checkerOf("a spoke takes a hub's commands alone, each once (I10)", () => {
  const executed = new Map<string, RecordOf<"broker.command">>();
  /** What a spawn started. */
  const started = new Map<string, RecordOf<"broker.command">>();
  /** A store forgot what it took; or nobody was told of it. */
  const forgotten = new Set<string>();
  let deliveries = 0;
  return {
    on: {
      "witness.delivery": (record) => {
        deliveries += 1;
        const { commandId, truth, code } = record.data;
        if (taken.has(truth) || code !== "ok" || forgotten.has(commandId)) return;
        return violation(`a command that was ${truth} was taken`, executed.get(commandId), record);
      },
      "broker.command": (record) => {
        const { commandId, how, action, executionIds } = record.data;
        const before = executed.get(commandId);
        if (how === "executed") {
          executed.set(commandId, record);
          if (before !== undefined && !forgotten.has(commandId)) {
            return violation(`the command ${commandId} was carried out twice`, before, record);
          }
        }
        if (action !== "spawn") return;
        const first = started.get(commandId);
        started.set(commandId, record);
        if (first === undefined || forgotten.has(commandId)) return;
        if (first.data.executionIds[0] === executionIds[0]) return;
        return violation(`the command ${commandId} started two agents`, first, record);
      },
      "fault.applied": (record) => {
        for (const subject of forgottenJobs(record)) forgotten.add(subject);
      },
    },
    end: () => (deliveries === 0 ? undecided("no hub sent a command") : passed(`${deliveries} deliveries`)),
  };
});
