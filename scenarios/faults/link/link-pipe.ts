import type { Socket } from "node:net";

import type { Random } from "../../../foundation/random.ts";
import type { ActiveToxic } from "./active-toxic.ts";

/** What waits in a pipe before its sender has to wait, in bytes. */
const heldBytesMax = 1_048_576;
/** A slow line hands on so much of a second's bytes at once. */
const bandwidthShare = 0.02;

interface Piece {
  /** Null for the end of what is sent. */
  readonly bytes: Buffer | null;
  readonly readAtMs: number;
  dueAtMs: number;
  /** Those that delayed it. */
  readonly by: readonly ActiveToxic[];
}

export interface LinkPipeOptions {
  readonly way: "to-broker" | "to-agent";
  readonly from: Socket;
  readonly to: Socket;
  /** Those in force; the list changes while the pipe lives. */
  readonly toxics: readonly ActiveToxic[];
  readonly random: Random;
  /** Called with what was read, before anything else. @returns whether the connection is gone */
  readonly onRead: (bytes: number) => boolean;
}

/** One direction of one connection: bytes arrive in their order, each when all toxics have let it go. */
export class LinkPipe {
  readonly #options: LinkPipeOptions;
  #queue: Piece[] = [];
  #queuedBytes = 0;
  #lastDueMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #drains = false;
  #isClosed = false;
  /** By toxic, until when the line is taken up by what went before. */
  readonly #freeAtMs = new Map<ActiveToxic, number>();

  constructor(options: LinkPipeOptions) {
    this.#options = options;
    const { from, to } = options;
    from.on("data", (bytes: Buffer) => this.#take(bytes));
    from.on("end", () => this.#enqueue({ bytes: null, ...this.#now(), by: [] }));
    to.on("drain", () => {
      this.#drains = false;
      this.#pump();
    });
  }

  /** A toxic came or went. What waited for one that is gone arrives now. */
  changed(): void {
    const nowMs = performance.now();
    const { toxics, to } = this.#options;
    const isGone = (piece: Piece): boolean => piece.by.some((one) => !toxics.includes(one));
    if (this.#queue.some(isGone)) {
      for (const piece of this.#queue) piece.dueAtMs = Math.min(piece.dueAtMs, nowMs);
      this.#lastDueMs = nowMs;
    }
    const closing = this.#inForce("half-close")[0];
    if (closing !== undefined && !this.#isClosed) {
      this.#isClosed = true;
      closing.hit(to);
      to.end();
    }
    this.#pump();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#queue = [];
  }

  #inForce(type: ActiveToxic["toxic"]["type"]): ActiveToxic[] {
    return this.#options.toxics.filter((one) => one.toxic.type === type && one.concerns(this.#options.way));
  }

  #now(): { readAtMs: number; dueAtMs: number } {
    const nowMs = performance.now();
    return { readAtMs: nowMs, dueAtMs: nowMs };
  }

  #take(bytes: Buffer): void {
    if (this.#options.onRead(bytes.length)) return;
    if (this.#isClosed) {
      for (const one of this.#inForce("half-close")) one.hit(this.#options.to, { bytes: bytes.length });
      return;
    }
    for (const one of this.#inForce("blackhole")) one.hit(this.#options.to, { bytes: bytes.length });
    const { size, by: slicers, betweenMs } = this.#slices(bytes.length);
    let afterMs = 0;
    for (let from = 0; from < bytes.length; from += size) {
      const piece = bytes.subarray(from, from + size);
      this.#enqueue(this.#delayed(piece, { afterMs, by: slicers }));
      afterMs += betweenMs;
    }
    if (this.#queuedBytes > heldBytesMax) this.#options.from.pause();
  }

  /** In pieces of how many bytes a write is handed on. */
  #slices(bytes: number): { size: number; by: ActiveToxic[]; betweenMs: number } {
    let size = bytes;
    let betweenMs = 0;
    const by: ActiveToxic[] = [];
    for (const one of this.#options.toxics) {
      if (!one.concerns(this.#options.way)) continue;
      const { toxic } = one;
      if (toxic.type === "bandwidth") size = Math.min(size, Math.max(1, Math.floor(toxic.bytesPerS * bandwidthShare)));
      if (toxic.type !== "slice" || bytes <= toxic.bytes) continue;
      size = Math.min(size, toxic.bytes);
      betweenMs += toxic.delayMs ?? 0;
      by.push(one);
    }
    return { size, by, betweenMs };
  }

  #delayed(bytes: Buffer, { afterMs, by: slicers }: { afterMs: number; by: readonly ActiveToxic[] }): Piece {
    const { way, toxics, random } = this.#options;
    const { readAtMs } = this.#now();
    const by = [...slicers];
    let dueAtMs = readAtMs + afterMs;
    for (const one of toxics.filter((each) => each.concerns(way))) {
      const { toxic } = one;
      if (toxic.type === "latency") {
        dueAtMs += toxic.latencyMs + random.integer({ min: 0, max: toxic.jitterMs ?? 0 });
        by.push(one);
      } else if (toxic.type === "bandwidth") {
        dueAtMs = Math.max(dueAtMs, this.#freeAtMs.get(one) ?? 0) + (bytes.length / toxic.bytesPerS) * 1_000;
        this.#freeAtMs.set(one, dueAtMs);
        by.push(one);
      }
    }
    return { bytes, readAtMs, dueAtMs, by };
  }

  #enqueue(piece: Piece): void {
    piece.dueAtMs = Math.max(piece.dueAtMs, this.#lastDueMs);
    this.#lastDueMs = piece.dueAtMs;
    this.#queue.push(piece);
    this.#queuedBytes += piece.bytes?.length ?? 0;
    this.#pump();
  }

  /** Hands on what is due; the rest when its time comes, when it is drained, or when a toxic goes. */
  #pump(): void {
    clearTimeout(this.#timer);
    const { from, to } = this.#options;
    if (this.#inForce("blackhole").length > 0 || to.destroyed) return;
    for (let piece = this.#queue[0]; piece !== undefined && !this.#drains; piece = this.#queue[0]) {
      const nowMs = performance.now();
      if (piece.dueAtMs > nowMs) {
        this.#timer = setTimeout(() => this.#pump(), Math.ceil(piece.dueAtMs - nowMs));
        break;
      }
      this.#queue.shift();
      this.#queuedBytes -= piece.bytes?.length ?? 0;
      if (piece.bytes === null) to.end();
      else {
        for (const one of piece.by) one.hit(to, { bytes: piece.bytes.length, delayMs: nowMs - piece.readAtMs });
        if (!this.#isClosed) this.#drains = !to.write(piece.bytes);
      }
    }
    if (this.#queuedBytes <= heldBytesMax) from.resume();
  }
}
