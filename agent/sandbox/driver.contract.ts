import { driverFreezeContract } from "./driver-freeze.contract.ts";
import { driverJobsContract } from "./driver-jobs.contract.ts";
import { driverSignalContract } from "./driver-signal.contract.ts";
import { driverTerminationContract } from "./driver-termination.contract.ts";
import type { ContractSubject } from "./testing/driver-bed.ts";

/** What every sandbox driver must do, with real programs. */
export function driverContract(subject: ContractSubject): void {
  driverJobsContract(subject);
  driverFreezeContract(subject);
  driverTerminationContract(subject);
  driverSignalContract(subject);
}
