import type { EventStream } from "../event-hub.ts";
import type { FaultBook } from "./fault-book.ts";

type Message = Parameters<EventStream["send"]>[0];

/** An agent's event stream that drops, repeats or swaps events for as long as it is told to. */
export function faultyStream(
  stream: EventStream,
  { book, agentId }: { book: FaultBook; agentId: string },
): EventStream {
  let held: { readonly message: Message; readonly cancel: () => void } | undefined;
  const release = (): boolean => {
    if (held === undefined) return true;
    const { message, cancel } = held;
    held = undefined;
    cancel();
    return stream.send(message);
  };
  return {
    send(message) {
      const [drop] = book.matching(["drop-events"], { agentId });
      if (drop !== undefined) {
        drop.hit();
        return true;
      }
      const [swap] = book.matching(["reorder-events"], { agentId });
      if (swap !== undefined && held === undefined) {
        // Sent at the latest when the rule ends; a stream that closes meanwhile has lost it.
        held = { message, cancel: swap.onEnd(() => void release()) };
        return true;
      }
      const sent = stream.send(message);
      for (const twice of book.matching(["duplicate-events"], { agentId })) {
        twice.hit();
        stream.send(message);
      }
      if (held === undefined) return sent;
      // Counted now that two events have changed places; the hit may end the rule, which releases what is held.
      swap?.hit();
      return release() && sent;
    },
    close() {
      held?.cancel();
      held = undefined;
      stream.close();
    },
  };
}
