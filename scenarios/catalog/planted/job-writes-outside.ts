import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "job-writes-outside",
  breaks: "I7",
  why: "Enclosed jobs have the host's /var/tmp, because what is there is to outlive them.",
  patches: [
    {
      file: "agent/sandbox/bubblewrap-enclosure.ts",
      find: "    ...privateDirectories.map((path) => ({ path, mount: empty(path) })),",
      replace:
        '    ...privateDirectories.map((path) => ({ path, mount: path === "/var/tmp" ? ["--bind", path, path] : empty(path) })),',
    },
  ],
} satisfies Mutant;
