import type { AutostartName } from "../autostart/port.ts";

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
  readonly autostart?: AutostartName | "none";
  readonly logInHome?: boolean;
  readonly pauseOnTouch?: readonly string[];
  readonly pauseOnLoad?: number;
  readonly pauseOnInput?: boolean;
  readonly pauseSchedule?: readonly string[];
  readonly pauseOnNothing?: boolean;
  readonly quiet?: number;
}

/** A token on the command line is for every user of the host to see; in the environment it is not. */
export const joinTokenVariable = "HOUSEGUEST_JOIN_TOKEN";

/** What a later start of the same agent must be told beside its home. */
export function lastingOptions(options: JoinOptions): string[] {
  const given: Record<string, string | number | undefined> = {
    "--sandbox": options.sandbox,
    "--job-network": options.jobNetwork,
    "--job-memory": options.jobMemory,
    "--job-processes": options.jobProcesses,
    "--job-cpus": options.jobCpus,
    "--checkpoint-interval": options.checkpointInterval,
  };
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]));
}
