import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "job-edits-crontab",
  breaks: "I7",
  why: "Enclosed jobs have the host's spool of crontabs, so that `crontab` works for them too.",
  patches: [
    {
      file: "agent/sandbox/bubblewrap-enclosure.ts",
      find: '    { path: workspace, mount: ["--bind", workspace, workspace] },',
      replace: `    { path: workspace, mount: ["--bind", workspace, workspace] },
    { path: "/var/spool/cron", mount: ["--bind", "/var/spool/cron", "/var/spool/cron"] },`,
    },
  ],
} satisfies Mutant;
