import { fileEventMask } from "../core/file-events.ts";
import { touchBit } from "../core/touch-chains.ts";

const kindsByMask: readonly { readonly bits: number; readonly kind: number }[] = [
  { bits: fileEventMask.created, kind: touchBit.created },
  { bits: fileEventMask.deleted, kind: touchBit.deleted },
  { bits: fileEventMask.movedFrom, kind: touchBit["moved-from"] },
  { bits: fileEventMask.movedTo, kind: touchBit["moved-to"] },
  { bits: fileEventMask.attributes, kind: touchBit.attributes },
  // A file that is written through a mapping tells of it only when it is closed.
  { bits: fileEventMask.modified | fileEventMask.closedAfterWriting, kind: touchBit.modified },
];

/** @returns bits of `touchBit`, of what an event's mask says */
export function kindsOf(mask: number): number {
  let kinds = 0;
  for (const { bits, kind } of kindsByMask) if ((mask & bits) !== 0) kinds |= kind;
  return kinds;
}
