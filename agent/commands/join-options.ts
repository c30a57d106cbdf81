/** The options of `donor-agent join` as commander hands them over. */
export interface JoinOptions {
  readonly home?: string;
  readonly broker?: string;
  readonly token?: string;
  readonly slots?: number;
  readonly foreground?: boolean;
  readonly json?: boolean;
  readonly sandbox?: "auto" | "bubblewrap" | "process";
  readonly jobNetwork?: "none" | "host";
  readonly jobMemory?: number;
  readonly jobProcesses?: number;
  readonly jobCpus?: number;
  readonly checkpointInterval?: number;
  readonly logInHome?: boolean;
}

/** A token on the command line is for every user of the host to see; in the environment it is not. */
export const joinTokenVariable = "HOUSEGUEST_JOIN_TOKEN";
