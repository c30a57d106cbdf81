import type { CaseRemarks } from "./case-table.ts";

/** Of which cases something is not tried, with the reason. Reviewed with every change of the table. */
export const caseRemarks: CaseRemarks = {
  leftOut: {
    33: "The product has no «finish, then pause».",
    36: "Decided: a pause closes the whole host. There are no classes of work.",
    38: "No GPU is lent, and none is here.",
  },
  inPart: {
    10: "No test sets a real clock: the programs are shown not to follow it, and the simulator sets it between two starts.",
    11: "No thread of its own sends heartbeats: the lease is safely lost, which the case allows. The process that stands still is modelled.",
    19: "A donor who sends SIGKILL cannot be told from a job that does, and is counted (docs/adr/0010).",
    29: "Checkpoints hold no processes, so no pid can be taken (docs/adr/0014-no-process-images.md has what CRIU did here). A checkpoint that cannot be restored is a start that failed; there is no earlier one to fall back to, because the broker keeps the newest one that arrived whole.",
    31: "No process writes a checkpoint that could be killed: it is given up, and what comes of it later is thrown away.",
    37: "A machine without any other load is not to be had in a test: that our jobs' load is all taken off is tried, and that the same load pulses when it is not ours.",
    50: "No service manager stops the agent in a test. Without an enclosure, what a killed agent ran goes on until its next start, which is told in `status`.",
    52: "No test makes a real process sleep in the kernel.",
    54: "The kernel's memory killer itself is not provoked: the job gets the signal that it sends.",
    63: "No virtual machine is run, so none is registered. A lock file, a log or a core dump is a file like any other to the scanner.",
    65: "One broker process serves a store; brokers are federated, and share none.",
    69: "No replica is promoted: the server that is there is taken back to an earlier state, or started with nothing.",
  },
};
