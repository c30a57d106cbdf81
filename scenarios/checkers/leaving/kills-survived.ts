import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { atLeast } from "../setting.ts";
import { violation } from "../story.ts";

/**
 * WC-4: a withdrawal that is killed on the way and started again comes to an end, and that is a clean one
 * (docs/cases.md, case 59). Setting: `killsMin` (default 1), at how many places of it the process was to be killed.
 */
export const killsSurvived = checkerOf(
  "a withdrawal that is killed at any step ends clean (WC-4)",
  { killsMin: atLeast(1, "places at which the process was killed") },
  ({ killsMin }) => {
    const kills = new Map<string, string[]>();
    const reports: RecordOf<"agent.withdrawal">[] = [];
    return {
      on: {
        "fault.applied": (record) => {
          const { fault, target, detail } = record.data;
          if (fault === "kill-agent" && detail.startsWith("at ")) {
            kills.set(target, [...(kills.get(target) ?? []), detail.slice("at ".length)]);
          }
        },
        "agent.withdrawal": (record) => {
          reports.push(record);
          if (record.data.report.clean) return;
          return violation("a withdrawal that was killed on the way says that it is not clean", record);
        },
      },
      end() {
        const places = new Set([...kills.values()].flat());
        const last = reports.findLast(({ data }) => kills.has(data.report.agentId ?? ""));
        if (last === undefined) return undecided("no withdrawal that was killed on the way told its end");
        const { attempts } = last.data.report;
        const figures = `killed at ${places.size} steps, clean at attempt ${attempts}`;
        return places.size < killsMin ? undecided(`${figures}; ${killsMin} were to be`) : passed(figures);
      },
    };
  },
);
