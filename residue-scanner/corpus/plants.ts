import type { CorpusSection } from "./item.ts";
import { judgedDelegates } from "./plants/judged-delegates.ts";
import { judgedFiles } from "./plants/judged-files.ts";
import { judgedKernel } from "./plants/judged-kernel.ts";
import { sideBySidePlants } from "./plants/side-by-side.ts";
import { dailyToolPlants } from "./plants/daily-tools.ts";
import { uncommonValues } from "./plants/uncommon-values.ts";
import { uncommonWays } from "./plants/uncommon-ways.ts";
import { askedServicePlants } from "./plants/asked-services.ts";
import { attributePlants } from "./plants/attributes.ts";
import { configurationPlants } from "./plants/configuration.ts";
import { delegatedPlants } from "./plants/delegated.ts";
import { filePlants } from "./plants/files.ts";
import { foreignNamespacePlants } from "./plants/foreign-namespaces.ts";
import { foreignProcessPlants } from "./plants/foreign-processes.ts";
import { kernelKeepingPlants } from "./plants/kernel-keepings.ts";
import { kernelSettingPlants } from "./plants/kernel-settings.ts";
import { kernelPlants } from "./plants/kernel.ts";
import { mountPlants } from "./plants/mounts.ts";
import { networkDetailPlants } from "./plants/network-details.ts";
import { networkPlants } from "./plants/network.ts";
import { processPlants } from "./plants/processes.ts";
import { schedulePlants } from "./plants/schedules.ts";
import { socketPlants } from "./plants/sockets.ts";
import { handedOnPlants } from "./plants/handed-on.ts";
import { installedPlants } from "./plants/installed.ts";
import { otherPlaces } from "./plants/other-places.ts";
import { uncommonSettingPlants } from "./plants/uncommon-settings.ts";
import { unusualAttributes } from "./plants/unusual-attributes.ts";
import { unusualNames } from "./plants/unusual-names.ts";
import { unusualSchedules } from "./plants/unusual-schedules.ts";
import { unusualWriters } from "./plants/unusual-writers.ts";
import { unusualWrites } from "./plants/unusual-writes.ts";
import { uncommonSocketPlants } from "./plants/uncommon-sockets.ts";

/** What a job leaves, one way each, over every surface of the host. */
export const plantSections: readonly CorpusSection[] = [
  filePlants,
  attributePlants,
  configurationPlants,
  schedulePlants,
  delegatedPlants,
  unusualWrites,
  unusualNames,
  otherPlaces,
  unusualAttributes,
  unusualWriters,
  installedPlants,
  unusualSchedules,
  processPlants,
  socketPlants,
  mountPlants,
  networkPlants,
  kernelPlants,
  foreignProcessPlants,
  uncommonSocketPlants,
  foreignNamespacePlants,
  networkDetailPlants,
  kernelSettingPlants,
  kernelKeepingPlants,
  askedServicePlants,
  uncommonSettingPlants,
  handedOnPlants,
  uncommonWays,
  uncommonValues,
  dailyToolPlants,
  judgedFiles,
  judgedDelegates,
  judgedKernel,
  sideBySidePlants,
];
