import type { JobView } from "../../protocol/messages.ts";
import { printable } from "./table.ts";

/**
 * Why a job ended or came back, and that it waits after an attempt that came to nothing; empty when there is nothing to
 * say.
 *
 * @param reasonCharactersMax of the reason, which comes from an agent
 */
export function jobNote(
  { error, handedBackReason, redeliveries, waitsUntil }: JobView,
  { reasonCharactersMax }: { readonly reasonCharactersMax: number },
): string {
  const reason = printable(error ?? handedBackReason ?? "").slice(0, reasonCharactersMax);
  if (waitsUntil === null) return reason;
  const waits = `not before ${new Date(waitsUntil).toISOString()}, after failed attempt ${redeliveries}`;
  return reason === "" ? waits : `${waits}: ${reason}`;
}
