import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "job-respawns",
  breaks: "I7",
  why: "A job's processes are listed, and each is killed by its pid.",
  patches: [
    {
      file: "agent/sandbox/end-processes.ts",
      find: `      for (const cgroup of quarry.cgroups) killAll(cgroup);
      killToFixedPoint(find);`,
      replace: '      signalMembers(find({ fresh: true }), "SIGKILL");',
    },
  ],
} satisfies Mutant;
