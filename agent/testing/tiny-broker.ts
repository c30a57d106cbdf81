import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type { HeartbeatRequest, Lease, WithdrawRequest } from "../../protocol/messages.ts";
import { routes } from "../../protocol/routes.ts";
import { parseSignatureHeaders } from "../../protocol/signing.ts";
import { defaultTiming, type Timing } from "../../protocol/timing.ts";
import type * as z from "zod";

/**
 * Just enough of a broker to give a real agent real work in this room's tests, which cannot know the real broker
 * (`scenarios/` brings the two together). It believes every signature and offers each job once.
 */
export class TinyBroker {
  readonly jobs: string[][] = [];
  readonly completed = new Map<string, { outcome: string; result?: string }>();
  readonly withdrawals: WithdrawRequest[] = [];
  readonly shutdowns: { reason: string; handedBack: unknown[] }[] = [];
  readonly pauses: unknown[] = [];
  readonly leases = new Map<string, z.infer<typeof Lease>>();
  readonly enrolled = new Set<string>();
  readonly revoked = new Set<string>();
  /** The paths that were asked for, in order. */
  readonly calls: string[] = [];
  /** Leases that heartbeats are told are lost. */
  readonly lost = new Set<string>();
  /** Takes every connection and answers nothing. */
  silent = false;
  url = "";
  readonly #server: Server;
  readonly #timing: Timing;
  readonly #blobs = new Map<string, Buffer>();
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

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (this.silent) return;
    const path = request.url ?? "";
    this.calls.push(path);
    const body = Buffer.concat(chunks);
    const answer = (status: number, value: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    if (path === routes.events) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(": connected\n\n");
      return;
    }
    if (path.startsWith(routes.blob(""))) return this.#serveBlob(path, request.method ?? "", body, response);
    const header = (name: string): string => String(request.headers[name] ?? "");
    const agentId = parseSignatureHeaders(header("signature-input"), header("signature"))?.agentId ?? "";
    if (this.revoked.has(agentId)) return answer(401, { code: "revoked", message: "The key is revoked." });
    answer(200, this.#answer(path, agentId, JSON.parse(body.toString("utf8"))));
  }

  #serveBlob(path: string, method: string, body: Buffer, response: ServerResponse): void {
    const digest = path.slice(routes.blob("").length);
    if (method === "PUT") this.#blobs.set(digest, body);
    const blob = this.#blobs.get(digest);
    response.writeHead(blob === undefined ? 404 : 200).end(method === "GET" ? blob : "{}");
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
    return { ok: true };
  }

  #heartbeat({ slotsFree, leases }: HeartbeatRequest, now: number): unknown {
    const offers: z.infer<typeof Lease>[] = [];
    for (; offers.length < slotsFree && this.jobs.length > 0; ) {
      this.#granted += 1;
      const job = {
        command: this.jobs.shift() ?? [],
        environment: {},
        workspaceBytesMax: 1_000_000,
        redeliveriesMax: 3,
      };
      const leaseId = `lease-${this.#granted}`;
      const lease = { leaseId, jobId: `job-${this.#granted}`, epoch: 1, job, expiresAt: now + 30_000 };
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
