import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Instances } from "../instances.ts";
import { Recent } from "../recent.ts";
import { violation, type Violation } from "../story.ts";

/** How whoever drives a run names each command, so that it can be told from every other one. */
export const commandName = /^command #\d+$/;
/** So many commands of each kind are remembered of an instance. */
const commandsMax = 1_000;

interface Instance {
  /** The last time when everything went on again. */
  thawed: RecordOf<"agent.thawed"> | null;
  /** By command: its freeze, and the last thaw before that. */
  readonly pauses: Recent<{ readonly frozen: RecordOf<"agent.frozen">; readonly after: Instance["thawed"] }>;
  readonly resumes: Recent<RecordOf<"agent.thawed">>;
}

/**
 * I10: a command that is sent once takes effect once, whatever the event stream replays (docs/cases.md, cases 67 and
 * 70). Judged of pauses and resumes whose reason names one command and no other.
 */
export const commandOnce = checkerOf("a command takes effect once (I10)", () => {
  const instances = new Instances<Instance>(() => ({
    thawed: null,
    pauses: new Recent(commandsMax),
    resumes: new Recent(commandsMax),
  }));
  let commands = 0;

  const pausedBy = (record: RecordOf<"agent.frozen">): Violation | null => {
    const { pauses, thawed } = instances.of(record.source);
    const { trigger } = record.data;
    const before = pauses.get(trigger);
    if (before === undefined) {
      commands += 1;
      pauses.set(trigger, { frozen: record, after: thawed });
      return null;
    }
    // What came up late is stopped by the same freeze.
    if (before.after === thawed) return null;
    return violation(`${trigger} paused the agent twice`, before.frozen, thawed, record);
  };

  return {
    on: {
      "agent.started": (record) => void instances.started(record),
      "agent.frozen": (record) => (commandName.test(record.data.trigger) ? pausedBy(record) : null),
      "agent.thawed": (record) => {
        const instance = instances.of(record.source);
        const { trigger } = record.data;
        instance.thawed = record;
        if (!commandName.test(trigger)) return;
        const before = instance.resumes.get(trigger);
        instance.resumes.set(trigger, record);
        if (before !== undefined) return violation(`${trigger} let the agent go on twice`, before, record);
        commands += 1;
        return;
      },
      "agent.withdrawal": ({ source }) => instances.forget(source),
    },
    end: () => (commands === 0 ? undecided("no command took effect") : passed(`${commands} commands`)),
  };
});
