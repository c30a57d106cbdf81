import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "job-respawns",
  breaks: "I7",
  why: "A job's processes are listed when their end begins, and those of the list are killed.",
  patches: [
    {
      file: "agent/sandbox/end-processes.ts",
      find: "  let left = find({ fresh: true });",
      replace: "  let left = find({ fresh: true });\n  const listed = left;",
    },
    {
      file: "agent/sandbox/end-processes.ts",
      find: `      for (const cgroup of quarry.cgroups) killAll(cgroup);
      killToFixedPoint(find);`,
      replace: '      signalMembers(listed, "SIGKILL");',
    },
  ],
} satisfies Mutant;
