import { routes } from "../../../protocol/routes.ts";

/**
 * Who may call a route: an agent with a signature, the operator with a token, another broker with an invitation or with
 * envelopes that it has signed, or whoever reaches the port.
 */
export type Access = "signed" | "operator" | "sealed" | "open";

export interface RouteDescription {
  readonly summary: string;
  readonly tag: "agents" | "leases" | "checkpoints" | "operator" | "executions" | "federation" | "watching";
  readonly access: Access;
  /** It begins something: a broker that stops refuses it. */
  readonly begins?: true;
}

const lease = (action: Parameters<typeof routes.leaseAction>[1]): string =>
  `POST ${routes.leaseAction(":leaseId", action)}`;
const agents = { tag: "agents", access: "signed" } as const;
const leases = { tag: "leases", access: "signed" } as const;
const checkpoints = { tag: "checkpoints", access: "signed" } as const;
const operator = { tag: "operator", access: "operator" } as const;
const executions = { tag: "executions", access: "operator" } as const;
const federation = { tag: "federation", access: "operator" } as const;
const spoke = { tag: "federation", access: "sealed" } as const;
const watching = { tag: "watching", access: "open" } as const;
const begins = true;

/** What the schemas do not say of each route; a test holds that none is missing and none is left over. */
export const routeDescriptions: Readonly<Record<string, RouteDescription>> = {
  [`POST ${routes.enrol}`]: { ...agents, summary: "Join, or come back as a later instance" },
  [`POST ${routes.heartbeat}`]: { ...agents, summary: "Say what is free; get leases renewed and offers made" },
  [`GET ${routes.events}`]: { ...agents, begins, summary: "The agent's event stream (SSE), from Last-Event-ID on" },
  [`POST ${routes.paused}`]: { ...agents, summary: "Acknowledge a pause, with checkpoints" },
  [`POST ${routes.resumed}`]: { ...agents, summary: "Say that the sandboxes go on" },
  [`POST ${routes.shutdown}`]: { ...agents, summary: "End this instance; the membership stays" },
  [`POST ${routes.withdraw}`]: { ...agents, summary: "Hand everything back and revoke the key" },
  [lease("accept")]: { ...leases, summary: "Accept an offer" },
  [lease("decline")]: { ...leases, summary: "Decline an offer" },
  [lease("progress")]: { ...leases, summary: "Tell progress, and a checkpoint" },
  [lease("complete")]: { ...leases, summary: "Hand in the end of a job; an old epoch is fenced" },
  [lease("return")]: { ...leases, summary: "Give a lease back before its job ended" },
  [`GET ${routes.blob(":digest")}`]: { ...checkpoints, summary: "One part of a checkpoint, by its SHA-256" },
  [`HEAD ${routes.upload(":leaseId", ":digest")}`]: { ...checkpoints, summary: "How much of an upload is here" },
  [`PATCH ${routes.upload(":leaseId", ":digest")}`]: { ...checkpoints, summary: "Append a chunk to an upload" },
  [`POST ${routes.jobs}`]: { ...operator, begins, summary: "Submit jobs, all or none" },
  [`GET ${routes.jobs}`]: { ...operator, summary: "List the jobs" },
  [`GET ${routes.job(":jobId")}`]: { ...operator, summary: "One job" },
  [`POST ${routes.jobCancel(":jobId")}`]: { ...operator, summary: "Cancel a job, wherever it is" },
  [`GET ${routes.agents}`]: { ...operator, summary: "List the agents" },
  [`POST ${routes.agentCommands(":agentId")}`]: { ...operator, summary: "Tell an agent to pause, resume or leave" },
  [`POST ${routes.drain}`]: { ...operator, summary: "Make no new offers, and say goodbye to the agents" },
  [`POST ${routes.joinTokens}`]: { ...operator, begins, summary: "Make a join token for one agent; it is told once" },
  [`GET ${routes.joinTokens}`]: { ...operator, summary: "List the join tokens, without the tokens themselves" },
  [`DELETE ${routes.joinToken(":tokenId")}`]: { ...operator, summary: "Revoke a join token" },
  [`POST ${routes.faults}`]: { ...operator, begins, summary: "Order misbehaviour (--faults)" },
  [`GET ${routes.faults}`]: { ...operator, summary: "List ordered misbehaviour, and how often it had an effect" },
  [`DELETE ${routes.fault(":ruleId")}`]: { ...operator, summary: "Undo ordered misbehaviour" },
  [`POST ${routes.executions}`]: { ...executions, begins, summary: "Start an agent on the broker's host" },
  [`GET ${routes.executions}`]: { ...executions, summary: "List the agents that the broker started" },
  [`GET ${routes.executionEvents}`]: {
    ...executions,
    begins,
    summary: "What becomes of them (SSE), from Last-Event-ID on",
  },
  [`GET ${routes.execution(":executionId")}`]: { ...executions, summary: "One of them" },
  [`POST ${routes.executionKill(":executionId")}`]: { ...executions, summary: "End one with all that it started" },
  [`POST ${routes.killswitch}`]: { ...executions, summary: "End all of them" },
  [`POST ${routes.federationJoin}`]: { ...spoke, begins, summary: "Become this broker's hub, by its invitation" },
  [`POST ${routes.federationCommands}`]: { ...spoke, begins, summary: "A hub's command; carried out once" },
  [`POST ${routes.connections}`]: { ...federation, begins, summary: "Invite a hub; the invitation is told once" },
  [`GET ${routes.connections}`]: { ...federation, summary: "List the connections to other brokers" },
  [`POST ${routes.connectionState(":connectionId")}`]: { ...federation, summary: "Suspend, resume or revoke one" },
  [`POST ${routes.acceptInvitation}`]: { ...federation, begins, summary: "Become the hub of another broker" },
  [`POST ${routes.remotes(":connectionId")}`]: { ...federation, begins, summary: "Have a spoke start an agent" },
  [`GET ${routes.remotes(":connectionId")}`]: { ...federation, summary: "Ask a spoke for all that it started" },
  [`POST ${routes.remoteKill(":connectionId", ":commandId")}`]: { ...federation, summary: "Have a spoke end an agent" },
  [`GET ${routes.allRemotes}`]: { ...federation, summary: "Agents at all spokes, as they told last" },
  [`GET ${routes.health}`]: { ...watching, summary: "Whether what was decided is in the store" },
  [`GET ${routes.ready}`]: { ...watching, summary: "Whether new work is welcome" },
  [`GET ${routes.metrics}`]: { ...watching, summary: "Metrics for Prometheus" },
  [`GET ${routes.documentation}`]: { ...watching, summary: "This document" },
};

/** Those that are answered with an event stream, which does not end. */
export const streamRoutes: ReadonlySet<string> = new Set([`GET ${routes.events}`, `GET ${routes.executionEvents}`]);
