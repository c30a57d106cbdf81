const base = "/api/v1";

/** The paths of the broker. An agent's are signed (`protocol/signing.ts`); `jobs`, `agents`, `executions` and health are the operator's. */
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
  /**
   * One part of a lease's checkpoint on its way to the broker (`protocol/uploads.ts`): HEAD asks how much of it is there,
   * PATCH appends a chunk.
   */
  upload: (leaseId: string, digest: string) => `${base}/leases/${leaseId}/uploads/${digest}`,
  /** GET one blob (`application/octet-stream`), addressed by the SHA-256 of its bytes. */
  blob: (digest: string) => `${base}/blobs/${digest}`,
  jobs: `${base}/jobs`,
  job: (jobId: string) => `${base}/jobs/${jobId}`,
  jobCancel: (jobId: string) => `${base}/jobs/${jobId}/cancel`,
  agents: `${base}/agents`,
  agentCommands: (agentId: string) => `${base}/agents/${agentId}/commands`,
  drain: `${base}/drain`,
  joinTokens: `${base}/join-tokens`,
  joinToken: (tokenId: string) => `${base}/join-tokens/${tokenId}`,
  faults: `${base}/faults`,
  fault: (ruleId: string) => `${base}/faults/${ruleId}`,
  /** POST starts an agent on the broker's host, GET lists those that it started. */
  executions: `${base}/executions`,
  /** POST ends all of them. */
  killswitch: `${base}/executions/killswitch`,
  /** GET every change of one, as an event stream. */
  executionEvents: `${base}/executions/events`,
  execution: (executionId: string) => `${base}/executions/${executionId}`,
  executionKill: (executionId: string) => `${base}/executions/${executionId}/kill`,
  /** At a spoke: a hub comes with an invitation, and sends its commands. */
  federationJoin: `${base}/federation/join`,
  federationCommands: `${base}/federation/commands`,
  /** POST invites a hub, GET lists the connections. */
  connections: `${base}/federation/connections`,
  connectionState: (connectionId: string) => `${base}/federation/connections/${connectionId}/state`,
  /** At a hub. */
  acceptInvitation: `${base}/federation/accept`,
  /** POST has a spoke start an agent, GET asks it for all. */
  remotes: (connectionId: string) => `${base}/federation/connections/${connectionId}/executions`,
  remoteKill: (connectionId: string, commandId: string) =>
    `${base}/federation/connections/${connectionId}/executions/${commandId}/kill`,
  /** All that spokes have started, as they told last. */
  allRemotes: `${base}/federation/executions`,
  health: "/healthz",
  ready: "/readyz",
  /** Prometheus' text format. */
  metrics: "/metrics",
  /** The OpenAPI 3.1 document of all of these. */
  documentation: "/documentation",
} as const;

/** The header that names the process start on every request and on the event stream (EG-5). */
export const instanceHeader = "houseguest-instance";
