import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "job-opens-port",
  breaks: "I7",
  why: "Enclosed jobs have the host's network, whatever its owner has said.",
  patches: [
    {
      file: "agent/sandbox/bubblewrap-enclosure.ts",
      find: '    ...(network === "none" ? ["--unshare-net"] : []),',
      replace: "",
    },
  ],
} satisfies Mutant;
