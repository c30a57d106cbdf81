import { sideBySideBackground } from "./background/side-by-side.ts";
import { othersWays } from "./background/others-ways.ts";
import { backgroundFiles } from "./background/files.ts";
import { backgroundKernel } from "./background/kernel.ts";
import { backgroundKernelWork } from "./background/kernel-work.ts";
import { backgroundRunning } from "./background/running.ts";
import { othersConfiguration } from "./background/others-configuration.ts";
import { othersFiles } from "./background/others-files.ts";
import { othersPrograms } from "./background/others-programs.ts";
import { othersTrees } from "./background/others-trees.ts";
import { othersUncommon } from "./background/others-uncommon.ts";
import { judgedServices } from "./background/judged-services.ts";
import { judgedWork } from "./background/judged-work.ts";
import type { CorpusSection } from "./item.ts";
import { dailyWork } from "./background/daily-work.ts";

/** What somebody else does on the host while the job leaves its plants. */
export const backgroundSections: readonly CorpusSection[] = [
  backgroundFiles,
  othersFiles,
  othersTrees,
  othersConfiguration,
  backgroundRunning,
  backgroundKernel,
  backgroundKernelWork,
  othersUncommon,
  othersPrograms,
  othersWays,
  dailyWork,
  judgedWork,
  judgedServices,
  sideBySideBackground,
];
