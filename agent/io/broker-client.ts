import type * as z from "zod";

import { systemCode } from "../../foundation/errors.ts";
import { parseJson } from "../../foundation/parse-json.ts";
import {
  AcceptResponse,
  Acknowledged,
  type CheckpointReference,
  type CompleteRequest,
  type DeclineRequest,
  EnrolResponse,
  type EnrolRequest,
  type HandBack,
  HeartbeatResponse,
  type HeartbeatRequest,
  type PausedRequest,
  type ReturnRequest,
  type ShutdownRequest,
  WithdrawResponse,
  type WithdrawRequest,
} from "../../protocol/messages.ts";
import { routes } from "../../protocol/routes.ts";
import {
  type ChunkPlace,
  chunkFields,
  chunkType,
  readUploadStatus,
  type UploadStatus,
} from "../../protocol/uploads.ts";
import type { Timing } from "../../protocol/timing.ts";
import { BrokerError, malformed, refusal, unreachable } from "./broker-error.ts";
import type { BrokerTime } from "./broker-time.ts";
import { digestOf, emptyDigest, type RequestSigner } from "./request-signer.ts";

export interface BrokerClientOptions {
  /** The broker's base address. */
  readonly url: URL;
  readonly signer: RequestSigner;
  /** The times in force; they change when the broker answers the enrolment. */
  readonly timing: () => Timing;
  /** Learns the broker's time where that refuses ours; without it a wrong clock stays wrong. */
  readonly time?: BrokerTime;
  /** Cuts off every call. */
  readonly signal?: AbortSignal;
  /** By default the global one, which keeps connections alive. */
  readonly fetch?: typeof fetch;
}

type HandedBack = z.infer<typeof HandBack>;
type Returned = Pick<z.infer<typeof ReturnRequest>, "reason" | "startFailed" | "agentDied">;

/** Everything that an agent says to its broker. Each call is signed, bounded in time, and throws a `BrokerError`. */
export type BrokerClient = ReturnType<typeof brokerClient>;

export function brokerClient(options: BrokerClientOptions) {
  const { timing } = options;
  const post = <T>(path: string, body: unknown, { schema, timeoutMs }: { schema: z.ZodType<T>; timeoutMs: number }) => {
    const bytes = Buffer.from(JSON.stringify(body));
    const type = "application/json";
    return call(options, { method: "POST", path, body: bytes, bodyDigest: digestOf(bytes), type, schema, timeoutMs });
  };
  const quick = <T>(path: string, body: unknown, schema: z.ZodType<T>) =>
    post(path, body, { schema, timeoutMs: timing().requestTimeoutMs });
  return {
    enrol: (body: EnrolRequest) => quick(routes.enrol, body, EnrolResponse),
    heartbeat: (body: HeartbeatRequest, timeoutMs = timing().requestTimeoutMs) =>
      post(routes.heartbeat, body, { schema: HeartbeatResponse, timeoutMs }),
    accept: (leaseId: string, epoch: number) => quick(routes.leaseAction(leaseId, "accept"), { epoch }, AcceptResponse),
    decline: (leaseId: string, { epoch, reason, startFailed }: z.infer<typeof DeclineRequest>) =>
      quick(routes.leaseAction(leaseId, "decline"), { epoch, reason, startFailed }, Acknowledged),
    progress: (leaseId: string, body: { epoch: number; progress: number; checkpoint: CheckpointReference }) =>
      quick(routes.leaseAction(leaseId, "progress"), body, Acknowledged),
    complete: (leaseId: string, body: CompleteRequest) =>
      post(routes.leaseAction(leaseId, "complete"), body, {
        schema: Acknowledged,
        timeoutMs: timing().resultTimeoutMs,
      }),
    returnLease: ({ leaseId, jobId: _jobId, ...body }: HandedBack, { reason, startFailed, agentDied }: Returned) =>
      quick(routes.leaseAction(leaseId, "return"), { ...body, reason, startFailed, agentDied }, Acknowledged),
    paused: (body: PausedRequest) => quick(routes.paused, body, Acknowledged),
    resumed: (reason: string) => quick(routes.resumed, { reason }, Acknowledged),
    shutdown: (body: z.infer<typeof ShutdownRequest>, timeoutMs: number) =>
      post(routes.shutdown, body, { schema: Acknowledged, timeoutMs }),
    withdraw: (body: WithdrawRequest, timeoutMs: number) =>
      post(routes.withdraw, body, { schema: WithdrawResponse, timeoutMs }),
    /** How much of an upload the broker has. */
    async uploadStatus({ leaseId, digest }: UploadName): Promise<UploadStatus> {
      const path = routes.upload(leaseId, digest);
      const timeoutMs = timing().requestTimeoutMs;
      return statusIn(await send(options, { ...noBody, method: "HEAD", path, timeoutMs }), path);
    },
    /** Appends a chunk to an upload. The time allowed is for this one, however many there are. */
    async uploadChunk({ leaseId, digest }: UploadName, place: ChunkPlace, content: Buffer): Promise<UploadStatus> {
      const path = routes.upload(leaseId, digest);
      const body = { body: content, bodyDigest: digestOf(content), type: chunkType, fields: chunkFields(place) };
      const timeoutMs = timing().resultTimeoutMs;
      return statusIn(await send(options, { ...body, method: "PATCH", path, timeoutMs }), path);
    },
    /** What comes is not believed: whoever restores it measures it (`agent/sandbox/restore-checkpoint.ts`). */
    async getBlob(digest: string): Promise<Buffer> {
      const path = routes.blob(digest);
      return (await send(options, { ...noBody, method: "GET", path, timeoutMs: timing().resultTimeoutMs })).bytes;
    },
  };
}

interface UploadName {
  readonly leaseId: string;
  /** SHA-256 of the whole, in hexadecimal. */
  readonly digest: string;
}

function statusIn({ headers }: Answer, path: string): UploadStatus {
  const status = readUploadStatus((name) => headers.get(name));
  if (status === undefined) throw malformed(path, new Error("it does not say how much is there"));
  return status;
}

interface Call {
  readonly method: string;
  readonly path: string;
  /** Null for none. */
  readonly body: Buffer | null;
  /** SHA-256 of the body in hexadecimal. */
  readonly bodyDigest: string;
  readonly type: string | null;
  /** Further header fields. */
  readonly fields?: Record<string, string>;
  readonly timeoutMs: number;
}

interface Answer {
  readonly bytes: Buffer;
  readonly headers: Headers;
}

const noBody = { body: null, bodyDigest: emptyDigest, type: null };

async function call<T>(options: BrokerClientOptions, request: Call & { schema: z.ZodType<T> }): Promise<T> {
  const { bytes } = await send(options, request);
  const parsed = request.schema.safeParse(parseJson(bytes.toString("utf8")));
  if (!parsed.success) throw malformed(`${request.method} ${request.path}`, parsed.error);
  return parsed.data;
}

/**
 * A kept-alive connection may have been closed by the broker at the very moment at which we used it. The request was
 * then not answered, and every call of ours may be repeated: it is sent once more on a new connection. So is one that was
 * signed by a clock that differs from the broker's.
 */
async function send(options: BrokerClientOptions, request: Call): Promise<Answer> {
  return await within(request.timeoutMs, options.signal, async (signal) => {
    try {
      return await sendOnce(options, request, signal);
    } catch (error) {
      if (!(error instanceof BrokerError) || signal.aborted) throw error;
      if (!wasCutOff(error.cause) && !isLateByOurClock(error, options)) throw error;
      return await sendOnce(options, request, signal);
    }
  });
}

/**
 * Calls with a signal for the call alone: that of AbortSignal.timeout would be kept, with all that listens to it, until
 * its time is over, however soon the answer came.
 */
async function within<T>(
  timeoutMs: number,
  stop: AbortSignal | undefined,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort(stop?.reason);
  const timer = setTimeout(
    () => controller.abort(new DOMException("No answer came in time", "TimeoutError")),
    Math.max(1, Math.round(timeoutMs)),
  ).unref();
  stop?.addEventListener("abort", abort, { once: true });
  if (stop?.aborted === true) abort();
  try {
    return await act(controller.signal);
  } finally {
    clearTimeout(timer);
    stop?.removeEventListener("abort", abort);
  }
}

async function sendOnce(
  { url, signer, fetch: send = fetch }: BrokerClientOptions,
  { method, path, body, bodyDigest, type, fields = {} }: Call,
  signal: AbortSignal,
): Promise<Answer> {
  const target = new URL(path, url);
  const headers: Record<string, string> = {
    ...fields,
    ...signer.headersFor({ method, path: target.pathname, bodyDigest }),
  };
  if (type !== null) headers["content-type"] = type;
  let status: number;
  let answered: Answer;
  try {
    const answer = await send(target, {
      method,
      headers,
      signal,
      redirect: "error",
      ...(body === null ? {} : { body: new Uint8Array(body) }),
    });
    status = answer.status;
    answered = { bytes: Buffer.from(await answer.arrayBuffer()), headers: answer.headers };
  } catch (error) {
    throw unreachable(target, error);
  }
  if (status < 200 || status > 299) {
    const date = answered.headers.get("date");
    throw refusal({ method, status, date, body: answered.bytes.toString("utf8") });
  }
  return answered;
}

function isLateByOurClock({ brokerCode, date }: BrokerError, { time }: BrokerClientOptions): boolean {
  return brokerCode === "stale-signature" && time?.correct(date) === true;
}

function wasCutOff(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(systemCode(cause) ?? "");
}
