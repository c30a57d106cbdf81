import type { HostResource } from "../host-resource.ts";

/** The ways to have an agent started again with its host. */
export const autostartNames = ["crontab", "systemd-user", "systemd", "launchd"] as const;
export type AutostartName = (typeof autostartNames)[number];

/** What a startup hook takes of the host; journalled before it is taken, struck off after it is gone. */
export type AutostartResource = Extract<HostResource, { readonly kind: "directory" | "file" | "crontab" }>;

export interface AutostartRemoval {
  /** What was there and is not any more. */
  readonly removed: readonly string[];
  /** What is still there, seen afterwards, with the reason. */
  readonly left: readonly string[];
}

/** One way to start the agent of one home again. `autostart.contract.ts` holds what each must do. */
export interface Autostart {
  readonly name: AutostartName;
  /** What this way does not do on this machine, as sentences for the donor. */
  readonly cannot: readonly string[];
  /**
   * What an installation would take of the host as it is now. Changes nothing.
   *
   * @throws UsageError `autostart-taken`, `autostart-denied`, `crontab-refused`, `no-crontab`
   */
  resources(): Promise<readonly AutostartResource[]>;
  /**
   * Takes what `resources` named. Doing it again changes nothing.
   *
   * @throws UsageError; what was taken until then is for `remove` to give back
   */
  install(resources: readonly AutostartResource[]): Promise<void>;
  /** Gives back exactly what was taken, and looks again. Doing it again changes nothing. Never fails: says what is left. */
  remove(resources: readonly AutostartResource[]): Promise<AutostartRemoval>;
  /**
   * What of the hook is there, seen now by its marker alone: for a removal that has no ledger to go by.
   *
   * @throws UsageError `crontab-refused`, `no-crontab`
   */
  found(): Promise<readonly AutostartResource[]>;
  /** Whether anything of the hook is there, seen now. */
  isInstalled(): Promise<boolean>;
}
