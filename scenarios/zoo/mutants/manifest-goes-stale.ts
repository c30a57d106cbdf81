import type { Mutant } from "../mutant.ts";

export default {
  name: "manifest-goes-stale",
  breaks: "I8",
  why: "The manifest goes beside an archive of many chunks, and the broker has thrown it away when both are named.",
  patches: [
    {
      file: "agent/core/upload-course.ts",
      find: "  if (archiveBytes <= chunkBytesMax) return",
      replace: "  if (archiveBytes >= 0) return",
    },
  ],
} satisfies Mutant;
