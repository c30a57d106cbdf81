import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";

import { messageOf } from "../../foundation/errors.ts";
import { limits } from "../../foundation/limits.ts";
import type { CheckpointReference } from "../../protocol/messages.ts";
import type { BrokerOutcome } from "../core/outcome.ts";
import { outcomeOfParts, UploadCourse, uploadRows, type UploadStep } from "../core/upload-course.ts";
import type { BrokerClient } from "./broker-client.ts";
import { outcomeOf } from "./broker-error.ts";

interface Part {
  readonly client: Pick<BrokerClient, "uploadStatus" | "uploadChunk">;
  readonly leaseId: string;
  /** Whether it still is what its lease is to have; asked before each step. */
  readonly isWanted: () => boolean;
}

/**
 * Brings the two files of a checkpoint to the broker, or as much of them as gets through; whoever calls it again later
 * goes on from there. Never rejects for what the network, the broker or the disk does.
 */
export async function uploadCheckpoint({
  reference,
  paths,
  ...part
}: Part & {
  readonly reference: CheckpointReference;
  readonly paths: { readonly manifest: string; readonly archive: string };
}): Promise<BrokerOutcome<null>> {
  const outcomes: BrokerOutcome<null>[] = [];
  for (const row of uploadRows(reference, limits.uploadChunkBytesMax)) {
    const files = row.map((digest) => {
      const path = digest === reference.manifestDigest ? paths.manifest : paths.archive;
      return uploadFile({ ...part, digest, path });
    });
    outcomes.push(...(await Promise.all(files)));
    if (outcomes.some(({ ok }) => !ok)) break;
  }
  return outcomeOfParts(outcomes);
}

async function uploadFile(file: Part & { digest: string; path: string }): Promise<BrokerOutcome<null>> {
  const { digest, isWanted } = file;
  const course = new UploadCourse({ digest, chunkBytesMax: limits.uploadChunkBytesMax });
  let bytes = 0;
  for (let step = course.begin(); ; ) {
    if (step.do === "end") return step.outcome;
    if (!isWanted()) step = course.gone("a newer checkpoint took its place");
    else if (step.do === "ask") step = course.answered(await outcomeOf(file.client.uploadStatus(file)));
    else if (step.do === "read") {
      const measured = await measure(file.path);
      bytes = measured.bytes;
      step = "problem" in measured ? course.gone(measured.problem) : course.measured(measured);
    } else step = await send(file, { course, step, length: bytes });
  }
}

async function send(
  { client, path, leaseId, digest }: Part & { digest: string; path: string },
  { course, step, length }: { course: UploadCourse; step: Extract<UploadStep, { do: "send" }>; length: number },
): Promise<UploadStep> {
  const { offset, bytes, isLast } = step;
  let content: Buffer;
  try {
    content = await readAt(path, { offset, bytes });
  } catch (error) {
    return course.gone(messageOf(error));
  }
  // It was cut short since it was measured: it is read again, and found out.
  if (content.length < bytes) return { do: "read" };
  const place = { offset, length, complete: isLast };
  return course.answered(await outcomeOf(client.uploadChunk({ leaseId, digest }, place, content)));
}

async function measure(path: string): Promise<{ bytes: number; digest: string } | { bytes: 0; problem: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: readBytes })) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
    }
  } catch (error) {
    return { bytes: 0, problem: messageOf(error) };
  }
  return { bytes, digest: hash.digest("hex") };
}

/** Few enough bytes that hashing them holds up nothing else, and enough to be quick. */
const readBytes = 256 * 1024;

/** @returns less than asked for at the end of the file */
async function readAt(path: string, { offset, bytes }: { offset: number; bytes: number }): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const content = Buffer.alloc(bytes);
    const { bytesRead } = await file.read(content, 0, bytes, offset);
    return content.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
