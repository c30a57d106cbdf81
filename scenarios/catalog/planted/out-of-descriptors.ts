import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "out-of-descriptors",
  breaks: "I3",
  why: "That a directory cannot be opened for want of descriptors is no answer of a wipe, and ends the agent.",
  patches: [
    {
      file: "agent/sandbox/wipe-directory.ts",
      find: `    if (!["EMFILE", "ENFILE"].includes(systemCode(error) ?? "")) throw error;`,
      replace: "    if (systemCode(error) !== undefined) throw error;",
    },
    {
      file: "agent/sandbox/wipe-directory.ts",
      find: `    return { removed: 0, leftCount: 1, left: [{ path, reason: reasonOf(error) }] };
  }
  try {
    return await new Wipe(`,
      replace: `    throw error;
  }
  try {
    return await new Wipe(`,
    },
  ],
} satisfies Mutant;
