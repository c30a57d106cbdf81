/** A lease's id names its job and epoch, so that one that was forgotten long ago is still known for what it was. */
export function leaseIdOf(jobId: string, epoch: number): string {
  return `lease-${jobId.slice("job-".length)}-${epoch}`;
}

/** The job that a lease's id names; no job of ours for an id that this broker never made. */
export function jobOfLease(leaseId: string): string {
  return `job-${leaseId.slice("lease-".length, leaseId.lastIndexOf("-"))}`;
}
