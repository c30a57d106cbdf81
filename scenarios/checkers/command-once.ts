import { checkerOf, passed, type RecordOf, undecided } from "./checker.ts";
import { violation } from "./story.ts";

/** How whoever drives a run names each command, so that it can be told from every other one. */
export const commandName = /^command #\d+$/;

interface Taken {
  readonly frozen: RecordOf<"agent.frozen">;
  /** Everything went on again since. */
  thawed: RecordOf<"agent.thawed"> | null;
}

/**
 * I10: a command that is sent once takes effect once, whatever the event stream replays (docs/cases.md, cases 67 and 70).
 * Judged of pauses whose reason names one command and no other.
 */
export const commandOnce = checkerOf("a command takes effect once (I10)", () => {
  /** By instance, then by command. */
  const instances = new Map<string, Map<string, Taken>>();
  let commands = 0;
  return {
    on: {
      "agent.frozen": (record) => {
        const { trigger } = record.data;
        if (!commandName.test(trigger)) return;
        const taken = instances.get(record.source) ?? new Map<string, Taken>();
        instances.set(record.source, taken);
        const before = taken.get(trigger);
        if (before === undefined) {
          commands += 1;
          taken.set(trigger, { frozen: record, thawed: null });
          return;
        }
        // What came up late is stopped by the same freeze.
        if (before.thawed === null) return;
        return violation(`${trigger} paused the agent twice`, before.frozen, before.thawed, record);
      },
      "agent.thawed": (record) => {
        for (const taken of instances.get(record.source)?.values() ?? []) taken.thawed ??= record;
      },
      "agent.shutdown": ({ source }) => void instances.delete(source),
      "agent.withdrawal": ({ source }) => void instances.delete(source),
    },
    end: () => (commands === 0 ? undecided("no command paused an agent") : passed(`${commands} commands`)),
  };
});
