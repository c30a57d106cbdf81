/**
 * Everything of the host that an agent can hold. The host ledger journals each before it is taken and strikes it off
 * after it is released (I11), so that a killed agent's next start knows what to look for.
 */
export type HostResource =
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "key"; readonly path: string }
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "cgroup"; readonly path: string }
  /** The line of the agent in a user's crontab. */
  | {
      readonly kind: "crontab";
      readonly user: string;
      /** Whether the user had a crontab before; one that was made for the agent goes with its line. */
      readonly existed: boolean;
    }
  /**
   * All processes of one sandbox. Journalled before the spawn, when there is no pid yet: they are found by cgroup, by
   * the lease marker in their environment, by session and by parent chain. Again once the pid is known, which replaces
   * it.
   */
  | {
      readonly kind: "processes";
      readonly leaseId: string;
      readonly pid: number | null;
      /** Field 22 of /proc/PID/stat, as text; with the pid it identifies the process. */
      readonly startTime: string | null;
    };

/** What a resource is called in the ledger; acquiring the same key again replaces the entry. */
export function resourceKey(resource: HostResource): string {
  if (resource.kind === "processes") return `processes:${resource.leaseId}`;
  return resource.kind === "crontab" ? `crontab:${resource.user}` : `${resource.kind}:${resource.path}`;
}

/** The host ledger as the sandbox drivers see it. Both calls return only after the journal is on the disk. */
export interface HostLedger {
  acquire(resource: HostResource): void;
  /** Releasing what is not held is an error of ours. */
  release(key: string): void;
  live(): readonly HostResource[];
}
