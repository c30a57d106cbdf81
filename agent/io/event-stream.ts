import { EventSource, type FetchLike } from "eventsource";

import { parseJson } from "../../foundation/parse-json.ts";
import { BrokerEvent } from "../../protocol/messages.ts";
import { routes } from "../../protocol/routes.ts";
import { reconnectWait } from "../core/reconnect-wait.ts";
import { EventOrder } from "./event-order.ts";
import { emptyDigest, type RequestSigner } from "./request-signer.ts";

export interface EventStreamOptions {
  readonly url: URL;
  readonly signer: RequestSigner;
  /** A stream without a byte for twice this time is dead, whatever TCP says (docs/cases.md, case 71). */
  readonly heartbeatMs: () => number;
  readonly onEvent: (event: BrokerEvent) => void;
  readonly onState?: (state: { readonly open: boolean; readonly detail: string }) => void;
  readonly fetch?: typeof fetch;
  readonly random?: () => number;
}

export interface EventStream {
  /** Connects, if it is not connected or about to be. */
  open(): void;
  /** Connects now if it waits for its next attempt: the broker was heard. */
  nudge(): void;
  close(): void;
}

/**
 * What the broker has to say to this agent, for as long as the agent lives: reconnects with growing, jittered waits,
 * and names the last event that it saw. Each connection is signed by itself, because a nonce counts once; the library
 * would repeat the headers, and give up at the first refusal.
 */
export function eventStream(options: EventStreamOptions): EventStream {
  const { url, signer, heartbeatMs, onEvent, onState = () => undefined, random = Math.random } = options;
  let source: EventSource | null = null;
  let waiting: NodeJS.Timeout | null = null;
  let silence: NodeJS.Timeout | null = null;
  const order = new EventOrder();
  let attempts = 0;
  let closed = false;

  const disconnect = (): void => {
    source?.close();
    source = null;
    if (silence !== null) clearTimeout(silence);
    silence = null;
  };
  const retry = (detail: string): void => {
    if (closed || waiting !== null) return;
    disconnect();
    onState({ open: false, detail });
    const { minMs, maxMs } = reconnectWait(attempts);
    attempts += 1;
    waiting = setTimeout(connect, minMs + (maxMs - minMs) * random());
  };
  const heard = (): void => {
    if (silence !== null) clearTimeout(silence);
    silence = setTimeout(() => retry("nothing was heard for too long"), 2 * heartbeatMs());
  };
  const connect = (): void => {
    waiting = null;
    const target = new URL(routes.events, url);
    const current = new EventSource(target, {
      fetch: signedFetch({ ...options, signer, target, lastEventId: order.latestId, heard }),
    });
    source = current;
    heard();
    current.addEventListener("open", () => {
      attempts = 0;
      heard();
      onState({ open: true, detail: "connected" });
    });
    current.addEventListener("error", (error) => {
      if (source === current) retry(error.message ?? "the connection was lost");
    });
    for (const { shape } of BrokerEvent.options.map((option) => ({ shape: option.shape }))) {
      const name = shape.event.value;
      current.addEventListener(name, (message) => {
        if (closed || source !== current) return;
        // A new connection does not know the one before its own.
        if (!order.take(message.lastEventId, name)) return;
        const event = BrokerEvent.safeParse({ event: name, data: parseJson(String(message.data)) });
        if (event.success) onEvent(event.data);
      });
    }
  };
  return {
    open() {
      if (source === null && waiting === null && !closed) connect();
    },
    nudge() {
      if (waiting === null || closed) return;
      clearTimeout(waiting);
      connect();
    },
    close() {
      closed = true;
      if (waiting !== null) clearTimeout(waiting);
      waiting = null;
      disconnect();
    },
  };
}

/** The library's fetch, with this connection's own signature, and an ear on every byte (comments make no event). */
function signedFetch({
  fetch: send = fetch,
  signer,
  target,
  lastEventId,
  heard,
}: EventStreamOptions & { target: URL; lastEventId: string; heard: () => void }): FetchLike {
  return async (url, init) => {
    const signed = signer.headersFor({ method: "GET", path: target.pathname, bodyDigest: emptyDigest });
    const resume: Record<string, string> = lastEventId === "" ? {} : { "last-event-id": lastEventId };
    const { signal, headers } = init;
    const answer = await send(url, { signal, redirect: "error", headers: { ...headers, ...resume, ...signed } });
    if (answer.body === null) return answer;
    const bytes = answer.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          heard();
          controller.enqueue(chunk);
        },
      }),
    );
    const { status, redirected, headers: answered } = answer;
    return { body: bytes, url: answer.url, status, redirected, headers: answered };
  };
}
