const base = "/api/v1";

/** The paths of the broker. An agent's are signed (`protocol/signing.ts`); `jobs`, `agents` and health are the operator's. */
export const routes = {
  enrol: `${base}/agent/enrol`,
  heartbeat: `${base}/agent/heartbeat`,
  events: `${base}/agent/events`,
  paused: `${base}/agent/paused`,
  resumed: `${base}/agent/resumed`,
  shutdown: `${base}/agent/shutdown`,
  withdraw: `${base}/agent/withdraw`,
  leaseAction: (leaseId: string, action: "accept" | "decline" | "progress" | "complete" | "return") =>
    `${base}/leases/${leaseId}/${action}`,
  /** PUT and GET one blob (`application/octet-stream`), addressed by the SHA-256 of its bytes; HEAD asks whether it is there. */
  blob: (digest: string) => `${base}/blobs/${digest}`,
  jobs: `${base}/jobs`,
  job: (jobId: string) => `${base}/jobs/${jobId}`,
  jobCancel: (jobId: string) => `${base}/jobs/${jobId}/cancel`,
  agents: `${base}/agents`,
  agentCommands: (agentId: string) => `${base}/agents/${agentId}/commands`,
  health: "/healthz",
} as const;

/** The header that names the process start on every request and on the event stream (EG-5). */
export const instanceHeader = "houseguest-instance";
