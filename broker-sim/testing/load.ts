import type { Lease } from "../../protocol/messages.ts";
import { routes } from "../../protocol/routes.ts";
import { type Answer, SigningClient, statusOf } from "./signing-client.ts";

interface Held {
  readonly lease: Lease;
  readonly client: SigningClient;
  expiresAt: number;
}

/** How long a client waits before it tries again, in milliseconds. */
const againMs = 5;
/** Of so many leases one is given back, so that its job is granted again. */
const handBackEvery = 4;
const slots = 2;

/**
 * Work on a broker that may go away at any moment: clients that take, finish and hand back jobs as fast as they can, and
 * try again whatever fails. It notes what it was told, for whoever judges afterwards.
 */
export class Load {
  /** The jobs that the broker said it has taken. */
  readonly accepted: string[] = [];
  /** The lease under which a completion was acknowledged, by job. */
  readonly completed = new Map<string, string>();
  /** Whatever must never be seen by a client. */
  readonly wrongs: string[] = [];
  /** How often each refusal was heard. */
  readonly refusals = new Map<string, number>();
  slowestMs = 0;
  answers = 0;
  readonly #url: string;
  readonly #joinToken: string;
  readonly #operatorToken: string;
  readonly #holders = new Map<string, Held>();
  readonly #done = new AbortController();
  #submits = true;
  #returns = 0;
  #onAnswer: (() => void)[] = [];
  #running: Promise<unknown> = Promise.resolve();

  constructor({ url, joinToken, operatorToken }: { url: string; joinToken: string; operatorToken: string }) {
    this.#url = url;
    this.#joinToken = joinToken;
    this.#operatorToken = operatorToken;
  }

  begin(agents: number): void {
    const loops = Array.from({ length: agents }, async () => await this.#work());
    this.#running = Promise.all([...loops, this.#submit()]);
    // Whoever ends it hears of a failure.
    this.#running.catch(() => undefined);
  }

  /** Resolves after so many answers more. */
  async answered(count: number): Promise<void> {
    const goal = this.answers + count;
    await this.until(() => this.answers >= goal);
  }

  /** Resolves as soon as it is so, looking after every answer. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#onAnswer.push(resolve));
  }

  /** Submits nothing more, and ends when every job that was taken has ended. */
  async finish(): Promise<void> {
    this.#submits = false;
    for (;;) {
      const answer = await this.#call(async () => await this.#get(routes.jobs));
      const jobs = (answer?.body?.jobs ?? []) as { jobId: string; completedAt: number | null }[];
      const ended = new Set(jobs.filter(({ completedAt }) => completedAt !== null).map(({ jobId }) => jobId));
      const known = new Set(jobs.map(({ jobId }) => jobId));
      if (answer?.status === 200) {
        for (const jobId of this.accepted) if (!known.has(jobId)) this.wrongs.push(`${jobId} is lost`);
        if (this.wrongs.length > 0 || this.accepted.every((jobId) => ended.has(jobId))) break;
      }
    }
    await this.stop();
  }

  async stop(): Promise<void> {
    this.#done.abort();
    await this.#running;
  }

  async #submit(): Promise<void> {
    while (this.#submits && !this.#done.signal.aborted) {
      const body = JSON.stringify({ jobs: [{ command: ["true"] }, { command: ["true"] }] });
      const headers = { "content-type": "application/json" };
      const answer = await this.#call(async () => await this.#fetch(routes.jobs, { method: "POST", body, headers }));
      if (answer?.status === 200) this.accepted.push(...answer.body.jobIds);
      // As fast as they are done, and no faster.
      await this.until(() => this.accepted.length - this.completed.size < 12 || this.#done.signal.aborted);
    }
  }

  async #work(): Promise<void> {
    const client = new SigningClient(this.#url);
    const held = new Map<string, Held>();
    let isEnrolled = false;
    while (!this.#done.signal.aborted) {
      if (!isEnrolled) {
        const enrolled = await this.#call(async () => await client.enrol(this.#joinToken, { slots }));
        isEnrolled = enrolled?.status === 200;
        continue;
      }
      const leases = Array.from(held.values(), ({ lease }) => statusOf(lease));
      const state = held.size > 0 ? "Working" : "Idle";
      const beat = await this.#call(
        async () => await client.heartbeat({ state, slots, slotsFree: slots - held.size, leases }),
      );
      if (beat?.status !== 200) continue;
      for (const { leaseId, expiresAt } of beat.body.renewed) held.get(leaseId)!.expiresAt = expiresAt;
      for (const { leaseId } of beat.body.lost) this.#letGo(held, leaseId);
      for (const lease of beat.body.offers as Lease[]) await this.#accept(client, held, lease);
      for (const { lease } of [...held.values()]) await this.#end(client, held, lease);
    }
  }

  async #accept(client: SigningClient, held: Map<string, Held>, lease: Lease): Promise<void> {
    const { leaseId, jobId, epoch } = lease;
    const answer = await this.#persist(() => client.post(routes.leaseAction(leaseId, "accept"), { epoch }));
    if (answer?.status !== 200) return;
    const before = this.#holders.get(jobId);
    if (before !== undefined && before.client !== client && before.expiresAt > Date.now()) {
      this.wrongs.push(`${jobId} has two holders: ${before.lease.leaseId} and ${leaseId}`);
    }
    if (before !== undefined && before.lease.epoch > epoch)
      this.wrongs.push(`${leaseId} was granted after a later one`);
    const mine = { lease, client, expiresAt: Number(answer.body.expiresAt) };
    held.set(leaseId, mine);
    this.#holders.set(jobId, mine);
  }

  async #end(client: SigningClient, held: Map<string, Held>, lease: Lease): Promise<void> {
    const { leaseId, jobId, epoch } = lease;
    this.#returns += 1;
    if (this.#returns % handBackEvery === 0) {
      const body = { epoch, progress: 0, reason: "the donor wants it" };
      // It works on it no more from here on, whenever the broker comes to say that it heard.
      this.#letGo(held, leaseId);
      await this.#persist(() => client.post(routes.leaseAction(leaseId, "return"), body));
      return;
    }
    const body = { epoch, outcome: "completed", exitCode: 0, progress: 1, result: leaseId };
    const answer = await this.#persist(() => client.post(routes.leaseAction(leaseId, "complete"), body));
    if (answer?.status === 200) {
      const before = this.completed.get(jobId);
      if (before !== undefined) this.wrongs.push(`${jobId} was completed under ${before} and ${leaseId}`);
      this.completed.set(jobId, leaseId);
    }
    this.#letGo(held, leaseId);
  }

  #letGo(held: Map<string, Held>, leaseId: string): void {
    const jobId = held.get(leaseId)?.lease.jobId ?? "";
    held.delete(leaseId);
    if (this.#holders.get(jobId)?.lease.leaseId === leaseId) this.#holders.delete(jobId);
  }

  /** Until there is an answer that says what became of it. */
  async #persist(request: () => Promise<Answer>): Promise<Answer | undefined> {
    for (;;) {
      const answer = await this.#call(request);
      if (this.#done.signal.aborted) return answer;
      if (answer !== undefined && answer.status < 500 && answer.status !== 401) return answer;
    }
  }

  async #call<A extends Pick<Answer, "status" | "body">>(request: () => Promise<A>): Promise<A | undefined> {
    const sentAt = performance.now();
    let answer: A | undefined;
    try {
      answer = await request();
      this.answers += 1;
      this.slowestMs = Math.max(this.slowestMs, performance.now() - sentAt);
      const code = answer.body?.code;
      if (code !== undefined) this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
    } catch {
      // The broker is down, or went down over it.
    }
    if (answer === undefined || answer.status >= 500) await new Promise((resolve) => setTimeout(resolve, againMs));
    const waiting = this.#onAnswer;
    this.#onAnswer = [];
    for (const wake of waiting) wake();
    return answer;
  }

  async #get(path: string): Promise<Pick<Answer, "status" | "body">> {
    return await this.#fetch(path, {});
  }

  async #fetch(
    path: string,
    options: Omit<RequestInit, "headers"> & { headers?: Record<string, string> },
  ): Promise<Pick<Answer, "status" | "body">> {
    const headers = { ...options.headers, authorization: `Bearer ${this.#operatorToken}` };
    const response = await fetch(this.#url + path, { ...options, headers });
    return { status: response.status, body: await response.json() };
  }
}
