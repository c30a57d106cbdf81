import { misbehaviours } from "../../jobs/behaviours.ts";
import { checkerOf, passed, undecided } from "../checker.ts";
import { atLeast, neededName } from "../setting.ts";

/**
 * That jobs did what the scenario is about: what nobody saw proves nothing of whoever stood it. Settings: `behaviour`,
 * `jobsMin`, `processesMin`.
 */
export const misbehaviourSeen = checkerOf(
  "jobs misbehave as they were told, seen from outside (WC-11)",
  {
    behaviour: neededName(misbehaviours, "what the jobs do"),
    jobsMin: atLeast(1, "jobs that do it"),
    processesMin: atLeast(1, "processes of one job at a time"),
  },
  ({ behaviour, jobsMin, processesMin }) => {
    let jobs = 0;
    let processes = 0;
    let how = "";
    return {
      on: {
        "witness.misbehaviour": ({ data }) => {
          if (data.behaviour !== behaviour) return;
          jobs += data.jobs;
          if (data.processes > processes) how = data.detail;
          processes = Math.max(processes, data.processes);
        },
      },
      end() {
        const seen = `${jobs} jobs seen, in up to ${processes} processes`;
        if (jobs < jobsMin || processes < processesMin) {
          return undecided(`${seen}: of ${behaviour} ${jobsMin} and ${processesMin} are wanted`);
        }
        return passed(`${seen}: ${how}`);
      },
    };
  },
);
