import sse, { type SSEPluginOptions } from "@fastify/sse";
import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from "fastify";

import { brokerLimits } from "../core/broker-limits.ts";
import type { EventStream } from "./event-hub.ts";

/** The only file that knows the SSE plugin: a 0.x whose surface may move. */
export async function registerEventStreams(
  app: FastifyInstance,
  { heartbeatMs }: { heartbeatMs: number },
): Promise<void> {
  // Its types describe the module's namespace, its default export at run time is the plugin itself.
  await app.register(sse as unknown as FastifyPluginAsync<SSEPluginOptions>, { heartbeatInterval: heartbeatMs });
}

/** Turns a reply into an event stream, its head sent at once so that the agent knows that it is connected. */
export function openEventStream(
  reply: FastifyReply,
  { onClose, onSlow }: { onClose: () => void; onSlow: () => void },
): EventStream {
  const { sse, raw } = reply;
  sse.keepAlive();
  raw.once("close", onClose);
  // A peer that vanished without a word is found by the kernel, between the comments that the plugin writes.
  raw.socket?.setKeepAlive(true, 30_000);
  raw.socket?.setNoDelay(true);
  sse.sendHeaders();
  raw.write(": connected\n\n");
  return {
    send(message) {
      // Its close is told a moment after it was cut.
      if (!sse.isConnected || raw.destroyed) return false;
      if (raw.writableLength > brokerLimits.eventBacklogBytesMax) {
        // Nobody reads there any more; the agent connects anew and names the last event that it saw.
        onSlow();
        raw.destroy();
        return false;
      }
      // Not the plugin's `send`: that hangs two listeners on the answer for each message which waits for a slow reader.
      // A stream that ends while it writes is reported by its close.
      raw.write(messageText(message));
      return true;
    },
    close() {
      sse.close();
      raw.end();
    },
  };
}

/** A message as it stands on the wire: WHATWG HTML 9.2.6. JSON has no line breaks of its own. */
function messageText({ id, event, data }: Parameters<EventStream["send"]>[0]): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
