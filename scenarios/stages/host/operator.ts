import * as z from "zod";

import { HouseguestError } from "../../../foundation/errors.ts";
import { FaultList, FaultView, type PutFault } from "../../../protocol/faults.ts";
import {
  Acknowledged,
  type AgentCommand,
  JobList,
  type JobSpec,
  type JobView,
  SubmitResponse,
} from "../../../protocol/messages.ts";
import { routes } from "../../../protocol/routes.ts";

const callMsMax = 15_000;

/** The broker refused or did not answer an operator's call. */
export class OperatorError extends HouseguestError {
  override readonly name = "OperatorError";
}

/** What an operator asks of a broker: submit jobs, look at them, cancel them, command agents. */
export class Operator {
  readonly #url: string;
  readonly #signal: AbortSignal;
  readonly #token: string | undefined;

  /** @param operatorToken undefined for a broker that names none */
  constructor(url: string, { operatorToken, signal }: { operatorToken: string | undefined; signal: AbortSignal }) {
    this.#token = operatorToken;
    this.#url = url;
    this.#signal = signal;
  }

  async submit(jobs: readonly JobSpec[]): Promise<string[]> {
    return (await this.#call("POST", routes.jobs, SubmitResponse, { jobs })).jobIds;
  }

  async jobs(): Promise<JobView[]> {
    return (await this.#call("GET", routes.jobs, JobList)).jobs;
  }

  async cancel(jobId: string): Promise<void> {
    await this.#call("POST", routes.jobCancel(jobId), Acknowledged);
  }

  async command(agentId: string, command: AgentCommand): Promise<void> {
    await this.#call("POST", routes.agentCommands(agentId), Acknowledged, command);
  }

  async drain(reason: string): Promise<void> {
    await this.#call("POST", routes.drain, Acknowledged, { reason });
  }

  /** Orders misbehaviour of a broker that was started with --faults. */
  async putFault(fault: PutFault): Promise<FaultView> {
    return await this.#call("POST", routes.faults, FaultView, fault);
  }

  /** The rules of its misbehaviour, those that ended included. */
  async faults(): Promise<FaultView[]> {
    return (await this.#call("GET", routes.faults, FaultList)).faults;
  }

  async #call<T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
    const response = await fetch(new URL(path, this.#url), {
      method,
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(callMsMax)]),
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    const parsed = schema.safeParse(answer);
    if (response.ok && parsed.success) return parsed.data;
    throw new OperatorError(
      `The broker answered ${method} ${path} with ${response.status}: ${JSON.stringify(answer)}.`,
      {
        code: "operator-call",
        next: "Its log is in the run directory's logs/broker.log.",
        ...(parsed.success ? {} : { cause: z.prettifyError(parsed.error) }),
      },
    );
  }
}
