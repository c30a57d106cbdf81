import { checkerOf, passed, undecided } from "../checker.ts";

/**
 * That jobs did what the scenario is about: what nobody saw proves nothing of whoever stood it. Settings: `behaviour`,
 * `jobsMin`, `processesMin`.
 */
export const misbehaviourSeen = checkerOf(
  "jobs misbehave as they were told, seen from outside (WC-11)",
  ({ behaviour = "", jobsMin = 1, processesMin = 1 }) => {
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
        if (jobs < Number(jobsMin) || processes < Number(processesMin)) {
          return undecided(`${seen}: of ${behaviour} ${jobsMin} and ${processesMin} are wanted`);
        }
        return passed(`${seen}: ${how}`);
      },
    };
  },
);
