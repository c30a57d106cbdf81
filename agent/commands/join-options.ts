import type { AutostartName } from "../autostart/port.ts";

/** The options of `donor-agent join` as commander hands them over. */
export interface JoinOptions {
  readonly home?: string;
  readonly broker?: string;
  readonly token?: string;
  readonly slots?: number;
  readonly foreground?: boolean;
  readonly json?: boolean;
  readonly sandbox?: "auto" | "process";
  readonly checkpointInterval?: number;
  readonly autostart?: AutostartName | "none";
  readonly logInHome?: boolean;
}

/** A token on the command line is for every user of the host to see; in the environment it is not. */
export const joinTokenVariable = "HOUSEGUEST_JOIN_TOKEN";

/** What a later start of the same agent must be told beside its home. */
export function lastingOptions({ sandbox, checkpointInterval }: JoinOptions): string[] {
  return [
    ...(sandbox === undefined ? [] : ["--sandbox", sandbox]),
    ...(checkpointInterval === undefined ? [] : ["--checkpoint-interval", String(checkpointInterval)]),
  ];
}
