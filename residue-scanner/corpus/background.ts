import { backgroundFiles } from "./background/files.ts";
import { backgroundKernel } from "./background/kernel.ts";
import { backgroundKernelWork } from "./background/kernel-work.ts";
import { backgroundRunning } from "./background/running.ts";
import type { CorpusSection } from "./item.ts";

/** What somebody else does on the host while the job leaves its plants. */
export const backgroundSections: readonly CorpusSection[] = [
  backgroundFiles,
  backgroundRunning,
  backgroundKernel,
  backgroundKernelWork,
];
