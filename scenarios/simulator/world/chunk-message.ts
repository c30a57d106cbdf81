import type { ChunkPlace } from "../../../protocol/uploads.ts";
import type { Segment } from "./upload-store.ts";

/** A chunk of an upload as it crosses the modelled network: where it belongs, and what is in it. */
export interface ChunkMessage {
  readonly digest: string;
  readonly chunk: ChunkPlace & { readonly bytes: number };
  readonly content: Segment;
}
