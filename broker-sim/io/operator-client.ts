import type * as z from "zod";

import { HouseguestError, UsageError, messageOf } from "../../foundation/errors.ts";
import {
  Acknowledged,
  type AgentCommand,
  AgentList,
  type AgentView,
  JobList,
  type JobSpec,
  type JobView,
  Problem,
  type ProblemCode,
  SubmitResponse,
} from "../../protocol/messages.ts";
import { FaultList, FaultView, type PutFault } from "../../protocol/faults.ts";
import type { ExecutionState } from "../../protocol/execution-states.ts";
import {
  ExecutionList,
  ExecutionView,
  type KillRequest,
  KillswitchResponse,
  type SpawnSpec,
} from "../../protocol/executions.ts";
import {
  type AcceptInvitationRequest,
  ConnectionList,
  ConnectionView,
  type InviteRequest,
  InviteResponse,
  RemoteList,
  RemoteView,
} from "../../protocol/federation.ts";
import { limits } from "../../foundation/limits.ts";
import { parseJson } from "../../foundation/parse-json.ts";
import { isRetriable } from "../../protocol/retriable-problem.ts";
import { CreatedJoinToken, JoinTokenList, type JoinTokenView } from "../../protocol/join-tokens.ts";
import { routes } from "../../protocol/routes.ts";

/** The broker said no, or could not be asked. */
export class BrokerCallError extends HouseguestError {
  override readonly name = "BrokerCallError";
}

/** How long one call of the operator may take. */
const callTimeoutMs = 30_000;

/** The operator's side of a broker. */
export class OperatorClient {
  readonly #base: string;
  readonly #token: string | undefined;

  /**
   * @param operatorToken without one the broker refuses what needs it
   * @throws UsageError when it is no http(s) address
   */
  constructor(broker: string, operatorToken: string | undefined) {
    this.#token = operatorToken;
    const url = URL.parse(broker);
    if (url === null || !/^https?:$/.test(url.protocol)) {
      throw new UsageError(`${broker} is not the address of a broker.`, {
        code: "usage",
        next: "Give --broker an address as `broker-sim serve` prints it: http://127.0.0.1:7077.",
      });
    }
    this.#base = broker.replace(/\/+$/, "");
  }

  /** Submits jobs, in as many requests as their size asks for. */
  async submit(jobs: readonly JobSpec[]): Promise<string[]> {
    const jobIds: string[] = [];
    for (const batch of batches(jobs)) {
      try {
        const response = await this.#call("POST", routes.jobs, { schema: SubmitResponse, body: { jobs: batch } });
        jobIds.push(...response.jobIds);
      } catch (error) {
        throw error instanceof BrokerCallError && jobIds.length > 0 ? takenInPart(error, jobIds.length) : error;
      }
    }
    return jobIds;
  }

  /** @param onlyDead those alone that the broker gave up */
  async jobs({ onlyDead = false } = {}): Promise<JobView[]> {
    const path = onlyDead ? `${routes.jobs}?dead=true` : routes.jobs;
    return (await this.#call("GET", path, { schema: JobList })).jobs;
  }

  async agents(): Promise<AgentView[]> {
    return (await this.#call("GET", routes.agents, { schema: AgentList })).agents;
  }

  async cancel(jobId: string): Promise<void> {
    await this.#call("POST", routes.jobCancel(encodeURIComponent(jobId)), { schema: Acknowledged });
  }

  async command(agentId: string, command: AgentCommand): Promise<void> {
    await this.#call("POST", routes.agentCommands(agentId), { schema: Acknowledged, body: command });
  }

  async drain(reason: string): Promise<void> {
    await this.#call("POST", routes.drain, { schema: Acknowledged, body: { reason } });
  }

  async createJoinToken(expiresInMs: number): Promise<z.infer<typeof CreatedJoinToken>> {
    return await this.#call("POST", routes.joinTokens, { schema: CreatedJoinToken, body: { expiresInMs } });
  }

  async joinTokens(): Promise<JoinTokenView[]> {
    return (await this.#call("GET", routes.joinTokens, { schema: JoinTokenList })).joinTokens;
  }

  async revokeJoinToken(tokenId: string): Promise<void> {
    await this.#call("DELETE", routes.joinToken(encodeURIComponent(tokenId)), { schema: Acknowledged });
  }

  async putFault(fault: PutFault): Promise<FaultView> {
    return await this.#call("POST", routes.faults, { schema: FaultView, body: fault });
  }

  async faults(): Promise<FaultView[]> {
    return (await this.#call("GET", routes.faults, { schema: FaultList })).faults;
  }

  async removeFault(ruleId: string): Promise<FaultView> {
    return await this.#call("DELETE", routes.fault(encodeURIComponent(ruleId)), { schema: FaultView });
  }

  /** Has the broker start an agent on its host. */
  async spawn(spec: SpawnSpec): Promise<ExecutionView> {
    return await this.#call("POST", routes.executions, { schema: ExecutionView, body: spec });
  }

  async executions(inState?: ExecutionState): Promise<ExecutionView[]> {
    const query = inState === undefined ? "" : `?state=${inState}`;
    return (await this.#call("GET", routes.executions + query, { schema: ExecutionList })).executions;
  }

  async execution(executionId: string): Promise<ExecutionView> {
    return await this.#call("GET", routes.execution(encodeURIComponent(executionId)), { schema: ExecutionView });
  }

  async kill(executionId: string, message: KillRequest): Promise<ExecutionView> {
    const path = routes.executionKill(encodeURIComponent(executionId));
    return await this.#call("POST", path, { schema: ExecutionView, body: message });
  }

  async killAll(message: KillRequest): Promise<string[]> {
    return (await this.#call("POST", routes.killswitch, { schema: KillswitchResponse, body: message })).executionIds;
  }

  async invite(asked: z.input<typeof InviteRequest>): Promise<z.infer<typeof InviteResponse>> {
    return await this.#call("POST", routes.connections, { schema: InviteResponse, body: asked });
  }

  async acceptInvitation(asked: z.infer<typeof AcceptInvitationRequest>): Promise<ConnectionView> {
    return await this.#call("POST", routes.acceptInvitation, { schema: ConnectionView, body: asked });
  }

  async connections(): Promise<ConnectionView[]> {
    return (await this.#call("GET", routes.connections, { schema: ConnectionList })).connections;
  }

  async setConnection(connectionId: string, state: "active" | "suspended" | "revoked"): Promise<ConnectionView> {
    const path = routes.connectionState(encodeURIComponent(connectionId));
    return await this.#call("POST", path, { schema: ConnectionView, body: { state } });
  }

  /** Has a spoke start an agent. */
  async spawnRemote(connectionId: string, spec: SpawnSpec): Promise<RemoteView> {
    return await this.#call("POST", routes.remotes(encodeURIComponent(connectionId)), {
      schema: RemoteView,
      body: spec,
    });
  }

  /** What one spoke says now; of all spokes what they said last. */
  async remotes(connectionId?: string): Promise<RemoteView[]> {
    const path = connectionId === undefined ? routes.allRemotes : routes.remotes(encodeURIComponent(connectionId));
    return (await this.#call("GET", path, { schema: RemoteList })).remotes;
  }

  async killRemote(connectionId: string, commandId: string, message: KillRequest): Promise<RemoteView> {
    const path = routes.remoteKill(encodeURIComponent(connectionId), encodeURIComponent(commandId));
    return await this.#call("POST", path, { schema: RemoteView, body: message });
  }

  async #call<S extends z.ZodType>(
    method: "GET" | "POST" | "DELETE",
    path: string,
    { schema, body }: { schema: S; body?: unknown },
  ): Promise<z.infer<S>> {
    let text: string;
    let status: number;
    try {
      const response = await fetch(this.#base + path, {
        method,
        signal: AbortSignal.timeout(callTimeoutMs),
        headers: {
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new BrokerCallError(`The broker at ${this.#base} does not answer: ${messageOf(cause)}`, {
        code: "broker-unreachable",
        next: "Start one with `broker-sim serve`, or name another with --broker.",
        retriable: true,
        cause: error,
      });
    }
    const value = parseJson(text);
    const answer = status < 300 ? schema.safeParse(value) : undefined;
    if (answer?.success === true) return answer.data;
    throw refusal(this.#base, { status, value });
  }
}

function refusal(base: string, { status, value }: { status: number; value: unknown }): BrokerCallError {
  const problem = Problem.safeParse(value);
  if (problem.success) {
    const { code, message } = problem.data;
    if (code === "bad-operator-token") return notTheOperator(message);
    return new BrokerCallError(message, { code, next: adviceFor(code), retriable: isRetriable(code) });
  }
  return new BrokerCallError(`What listens at ${base} is no broker: it answered ${status} with something else.`, {
    code: "not-a-broker",
    next: "Name the address that `broker-sim serve` printed with --broker.",
    // What stands before a broker that is away answers so.
    retriable: status >= 500,
  });
}

function adviceFor(code: ProblemCode): string {
  if (code === "faults-off") return "Start one for scenarios with `broker-sim serve --faults`.";
  if (code === "unknown-fault") return "`broker-sim fault list` lists what there is.";
  if (code === "unknown-connection") return "`broker-sim federation list` lists what there is.";
  if (code === "internal") return "`broker-sim jobs` and `broker-sim agents` say what was done.";
  if (code === "out-of-service") return "Nothing was changed; ask again when it is back.";
  if (code === "store-away") return "Wait until its store is back; `broker-sim jobs` says what was taken.";
  return code.startsWith("unknown-")
    ? "`broker-sim jobs`, `broker-sim agents` and `broker-sim executions` list what there is."
    : "Nothing was changed.";
}

/** Thousands of jobs go in several requests. */
function takenInPart(error: BrokerCallError, taken: number): BrokerCallError {
  return new BrokerCallError(`${taken} jobs were taken, and then no more: ${error.message}`, {
    code: error.code,
    next: "`broker-sim jobs` lists them; submit the rest alone.",
    retriable: error.retriable,
    cause: error,
  });
}

function notTheOperator(message: string): BrokerCallError {
  return new BrokerCallError(message, {
    code: "bad-operator-token",
    next: "Give the token that `broker-sim serve` printed, with --operator-token or in $HOUSEGUEST_OPERATOR_TOKEN.",
  });
}

/** Splits jobs so that each request stays below the size that a broker takes. */
function* batches(jobs: readonly JobSpec[]): Generator<JobSpec[]> {
  const bytesMax = limits.messageBytesMax - 1_024;
  let batch: JobSpec[] = [];
  let bytes = 0;
  for (const job of jobs) {
    const jobBytes = Buffer.byteLength(JSON.stringify(job)) + 1;
    if (batch.length > 0 && (bytes + jobBytes > bytesMax || batch.length === 10_000)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(job);
    bytes += jobBytes;
  }
  yield batch;
}
