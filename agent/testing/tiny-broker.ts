import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type {
  BrokerEvent,
  CheckpointReference,
  HeartbeatRequest,
  JobSpec,
  Lease,
  ProblemCode,
  WithdrawRequest,
} from "../../protocol/messages.ts";
import { routes } from "../../protocol/routes.ts";
import { parseSignatureHeaders } from "../../protocol/signing.ts";
import { defaultTiming, type Timing } from "../../protocol/timing.ts";
import { readChunkPlace, uploadStatusFields } from "../../protocol/uploads.ts";
import type * as z from "zod";

export type Submission = Pick<JobSpec, "command" | "checkpoint">;

/**
 * Just enough of a broker to give a real agent real work in this room's tests, which cannot know the real broker
 * (`scenarios/` brings the two together). It believes every signature and offers each job once.
 */
export class TinyBroker {
  /** Commands, or what else is said of a job with its command. */
  readonly jobs: (readonly string[] | Submission)[] = [];
  readonly completed = new Map<string, { outcome: string; result?: string }>();
  readonly withdrawals: WithdrawRequest[] = [];
  readonly shutdowns: { reason: string; handedBack: unknown[] }[] = [];
  readonly pauses: unknown[] = [];
  readonly leases = new Map<string, z.infer<typeof Lease>>();
  readonly enrolled = new Set<string>();
  readonly revoked = new Set<string>();
  /** The paths that were asked for, in order. */
  readonly calls: string[] = [];
  /** What an agent that it does not know must bring; null for anything. */
  joinToken: string | null = null;
  /** What was given back by itself, by lease. */
  readonly returned = new Map<string, { reason: string; startFailed?: boolean; agentDied?: boolean }>();
  /** Leases that heartbeats are told are lost. */
  readonly lost = new Set<string>();
  /** Takes every connection and answers nothing. */
  silent = false;
  /** Hears what is asked for at such a path, and answers nothing. */
  silentAt: RegExp | null = null;
  /** Refuses what is asked for at such a path. */
  refusal: { readonly at: RegExp; readonly status: number; readonly code: ProblemCode } | null = null;
  /** From where the next job goes on; its blobs are those that were brought here. */
  checkpoint: CheckpointReference | null = null;
  url = "";
  readonly #server: Server;
  readonly #timing: Timing;
  readonly blobs = new Map<string, Buffer>();
  readonly #streams = new Set<ServerResponse>();
  readonly #uploads = new Map<string, Buffer>();
  #granted = 0;

  constructor(timing: Partial<Timing> = {}) {
    this.#timing = { ...defaultTiming, heartbeatIntervalMs: 50, terminateGraceMs: 200, ...timing };
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this.url;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Tells every agent that listens. */
  push({ event, data }: BrokerEvent): void {
    for (const stream of this.#streams)
      stream.write(`id: ${event}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (this.silent) return;
    const path = request.url ?? "";
    this.calls.push(path);
    if (this.silentAt?.test(path) === true) return;
    const body = Buffer.concat(chunks);
    const answer = (status: number, value: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    if (path === routes.events) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(": connected\n\n");
      this.#streams.add(response);
      response.once("close", () => this.#streams.delete(response));
      return;
    }
    if (this.refusal?.at.test(path) === true) {
      return answer(this.refusal.status, { code: this.refusal.code, message: "No." });
    }
    if (path.startsWith(routes.blob(""))) return this.#serveBlob(path, response);
    if (/\/uploads\//.test(path)) return this.#serveUpload(request, body, response);
    const header = (name: string): string => String(request.headers[name] ?? "");
    const agentId = parseSignatureHeaders(header("signature-input"), header("signature"))?.agentId ?? "";
    if (this.revoked.has(agentId)) return answer(401, { code: "revoked", message: "The key is revoked." });
    const said = JSON.parse(body.toString("utf8")) as { joinToken?: string };
    const isWelcome = this.joinToken === null || this.enrolled.has(agentId) || said.joinToken === this.joinToken;
    if (path === routes.enrol && !isWelcome) {
      return answer(403, { code: "bad-join-token", message: "The join token is not right." });
    }
    answer(200, this.#answer(path, agentId, said));
  }

  /** What was uploaded under a digest. */
  blob(digest: string): Buffer | undefined {
    return this.blobs.get(digest);
  }

  #serveBlob(path: string, response: ServerResponse): void {
    const blob = this.blobs.get(path.slice(routes.blob("").length));
    response.writeHead(blob === undefined ? 404 : 200).end(blob ?? "{}");
  }

  /** Keeps whatever comes behind what is there. */
  #serveUpload({ url = "", method, headers }: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const digest = url.slice(url.lastIndexOf("/") + 1);
    const place = readChunkPlace((name) => headers[name]?.toString());
    const before = this.#uploads.get(digest) ?? Buffer.alloc(0);
    const isChunk = method === "PATCH" && place?.offset === before.length;
    const content = isChunk ? Buffer.concat([before, body]) : before;
    this.#uploads.set(digest, content);
    if (isChunk && place.complete) this.blobs.set(digest, content);
    const status = { offset: content.length, complete: this.blobs.has(digest) };
    response.writeHead(204, uploadStatusFields(status)).end();
  }

  #answer(path: string, agentId: string, body: unknown): unknown {
    const now = Date.now();
    const lease = /\/leases\/(lease-[^/]+)\/(\w+)$/.exec(path);
    if (path === routes.enrol) this.enrolled.add(agentId);
    if (path === routes.enrol) return { agentId, brokerTimeMs: now, timing: this.#timing };
    if (path === routes.heartbeat) return this.#heartbeat(body as HeartbeatRequest, now);
    if (path === routes.paused) this.pauses.push(body);
    if (path === routes.shutdown) this.shutdowns.push(body as { reason: string; handedBack: unknown[] });
    if (path === routes.withdraw) {
      const request = body as WithdrawRequest;
      this.withdrawals.push(request);
      this.revoked.add(agentId);
      return { revokedAt: now, leasesHandedBack: request.handedBack.length };
    }
    if (lease !== null && lease[2] === "accept") return { expiresAt: now + this.#timing.leaseTtlMs };
    if (lease !== null && lease[2] === "complete") {
      this.completed.set(String(lease[1]), body as { outcome: string; result?: string });
    }
    if (lease !== null && lease[2] === "return") {
      this.returned.set(String(lease[1]), body as { reason: string; startFailed?: boolean; agentDied?: boolean });
    }
    return { ok: true };
  }

  #heartbeat({ slotsFree, leases }: HeartbeatRequest, now: number): unknown {
    const offers: z.infer<typeof Lease>[] = [];
    for (; offers.length < slotsFree && this.jobs.length > 0; ) {
      this.#granted += 1;
      const job = {
        ...submissionOf(this.jobs.shift() ?? []),
        environment: {},
        workspaceBytesMax: 1_000_000,
        redeliveriesMax: 3,
      };
      const leaseId = `lease-${this.#granted}`;
      const grant = { leaseId, jobId: `job-${this.#granted}`, epoch: 1, job, expiresAt: now + 30_000 };
      const lease = this.checkpoint === null ? grant : { ...grant, checkpoint: this.checkpoint };
      this.leases.set(leaseId, lease);
      offers.push(lease);
    }
    const lost = leases
      .filter(({ leaseId }) => this.lost.has(leaseId))
      .map(({ leaseId }) => ({ leaseId, reason: "cancelled" }));
    const kept = leases.filter(({ leaseId }) => !this.lost.has(leaseId));
    const renewed = kept.map(({ leaseId }) => ({ leaseId, expiresAt: now + this.#timing.leaseTtlMs }));
    return { brokerTimeMs: now, offers, renewed, lost };
  }
}

function submissionOf(job: readonly string[] | Submission): Submission {
  return "command" in job ? job : { command: [...job] };
}
