import type { AutostartName } from "../autostart/port.ts";
import type { JobTermsGiven } from "../job-terms.ts";

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
  /** Absolute paths. */
  readonly jobRead?: readonly string[];
  readonly jobReadNothing?: boolean;
  readonly jobMemory?: number;
  readonly jobProcesses?: number;
  readonly jobCpus?: number;
  readonly checkpointInterval?: number;
  readonly autostart?: AutostartName | "none";
  readonly logInHome?: boolean;
  readonly tokenOnStdin?: boolean;
  readonly pauseOnTouch?: readonly string[];
  readonly pauseOnLoad?: number;
  readonly pauseOnInput?: boolean;
  readonly pauseSchedule?: readonly string[];
  readonly pauseOnNothing?: boolean;
  readonly quiet?: number;
}

const mebibyte = 1024 ** 2;

/** On what terms the host is lent, as far as the command line says. */
export function termsOf(options: JoinOptions): JobTermsGiven {
  return {
    driver: options.sandbox,
    network: options.jobNetwork,
    read: options.jobReadNothing === true ? [] : options.jobRead,
    processesMax: options.jobProcesses,
    memoryBytesMax: options.jobMemory === undefined ? undefined : options.jobMemory * mebibyte,
    cpusMax: options.jobCpus,
    checkpointIntervalMs: options.checkpointInterval,
  };
}

/** The same again for another process. */
export function termsArguments(options: JoinOptions): string[] {
  const given: Record<string, string | number | undefined> = {
    "--sandbox": options.sandbox,
    "--job-network": options.jobNetwork,
    "--job-memory": options.jobMemory,
    "--job-processes": options.jobProcesses,
    "--job-cpus": options.jobCpus,
    "--checkpoint-interval": options.checkpointInterval,
  };
  return [
    ...Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)])),
    ...(options.jobRead ?? []).flatMap((path) => ["--job-read", path]),
    ...(options.jobReadNothing === true ? ["--job-read-nothing"] : []),
  ];
}
