import { request } from "node:http";
import { describe, expect, test } from "vitest";

import type { CheckpointReference } from "../../../protocol/messages.ts";
import { routes } from "../../../protocol/routes.ts";
import { chunkFields, chunkType } from "../../../protocol/uploads.ts";
import { LiveBroker, temporaryDirectory } from "../../testing/live-broker.ts";
import { type SigningClient, digestOf } from "../../testing/signing-client.ts";

const act = (leaseId: string, action: Parameters<typeof routes.leaseAction>[1]) => routes.leaseAction(leaseId, action);
const manifest = Buffer.from("manifest");

function referenceTo(archive: Buffer, progress: number): CheckpointReference {
  return {
    manifestDigest: digestOf(manifest),
    archiveDigest: digestOf(archive),
    archiveBytes: archive.length,
    progress,
    number: progress,
  };
}

/** Says how much comes, sends a fifth of it, and hangs up. */
async function breakOff(
  { url }: LiveBroker,
  agent: SigningClient,
  { leaseId, content }: { leaseId: string; content: Buffer },
): Promise<void> {
  const path = routes.upload(leaseId, digestOf(content));
  const headers = {
    ...agent.headers("PATCH", path, { body: content }),
    ...chunkFields({ offset: 0, length: content.length, complete: true }),
    "content-type": chunkType,
    "content-length": String(content.length),
  };
  const upload = request(url + path, { method: "PATCH", headers });
  const over = new Promise<void>((resolve) => upload.once("close", () => resolve()));
  upload.on("error", () => upload.destroy());
  upload.write(content.subarray(0, content.length / 5), () => upload.destroy());
  await over;
}

describe.each(["memory", "directory"])(
  "a checkpoint of which less arrives than was saved, with blobs in %s (case 28)",
  (kind) => {
    test("is not taken, the one before stays, and the next holder goes on from that", async () => {
      const live = await LiveBroker.start(kind === "memory" ? {} : { directory: temporaryDirectory() });
      const [jobId] = await live.submit();
      const holder = await live.agent();
      const [{ leaseId, epoch }] = (await holder.heartbeat()).body.offers;
      await holder.post(act(leaseId, "accept"), { epoch });
      const [whole, cut] = [Buffer.alloc(24_000, "one"), Buffer.alloc(124_000, "two")];
      for (const blob of [manifest, whole]) expect((await holder.upload(leaseId, blob)).status).toBe(204);
      const earlier = referenceTo(whole, 1);
      expect((await holder.post(act(leaseId, "progress"), { epoch, progress: 1, checkpoint: earlier })).status).toBe(
        200,
      );

      await breakOff(live, holder, { leaseId, content: cut });
      const later = referenceTo(cut, 2);
      const early = await holder.post(act(leaseId, "progress"), { epoch, progress: 2, checkpoint: later });
      expect([early.status, early.body.code]).toEqual([409, "unknown-checkpoint"]);
      // One that names the smaller size is none either.
      const short = { ...later, archiveBytes: cut.length / 5 };
      const forged = await holder.post(act(leaseId, "progress"), { epoch, progress: 2, checkpoint: short });
      expect([forged.status, forged.body.code]).toEqual([409, "unknown-checkpoint"]);
      expect(await live.job(jobId!)).toMatchObject({ state: "leased", checkpoint: earlier });

      const back = { epoch, progress: 2, checkpoint: later, reason: "shutting down" };
      expect((await holder.post(act(leaseId, "return"), back)).status).toBe(200);
      expect((await holder.post(routes.shutdown, { reason: "SIGTERM", handedBack: [] })).status).toBe(200);
      expect((await live.job(jobId!)).handedBackReason).toContain("without its last checkpoint");
      const [offer] = (await (await live.agent()).heartbeat()).body.offers;
      expect(offer).toMatchObject({ jobId, epoch: 2, checkpoint: earlier });
    });
  },
);
