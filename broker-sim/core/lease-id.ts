/** A lease's id names its job and epoch, so that one that was forgotten long ago is still known for what it was. */
export function leaseIdOf(jobId: string, epoch: number): string {
  return `lease-${jobId.slice("job-".length)}-${epoch}`;
}

/** The job and epoch that a lease's id names, or undefined for an id that this broker never made. */
export function parseLeaseId(leaseId: string): { jobId: string; epoch: number } | undefined {
  const match = /^lease-([0-9a-z-]+)-([1-9]\d{0,15})$/.exec(leaseId);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { jobId: `job-${match[1]}`, epoch: Number(match[2]) };
}
