import * as z from "zod";

/** A lower-case SHA-256 digest in hexadecimal. */
export const Digest = z.string().regex(/^[0-9a-f]{64}$/);
/** An agent's id is the SHA-256 of its raw public key, so that nobody can claim another's. */
export const AgentId = Digest;
/** One process start of an agent (EG-5). */
export const InstanceId = z.uuid();
export const JobId = z.string().regex(/^job-[0-9a-z-]{1,60}$/);
export const LeaseId = z.string().regex(/^lease-[0-9a-z-]{1,60}$/);
/** The job's fencing number: 1 at the first grant, larger at every later one (I1). */
export const Epoch = z.int().min(1);
/** One agent that a broker started on its own host. */
export const ExecutionId = z.string().regex(/^exec-[0-9a-z-]{1,60}$/);
/** Milliseconds since the epoch. */
export const WallMs = z.number().nonnegative();
/** A raw Ed25519 public key, 32 bytes in base64url. */
export const PublicKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

export type Digest = z.infer<typeof Digest>;
export type AgentId = z.infer<typeof AgentId>;
export type InstanceId = z.infer<typeof InstanceId>;
export type JobId = z.infer<typeof JobId>;
export type LeaseId = z.infer<typeof LeaseId>;
export type Epoch = z.infer<typeof Epoch>;
export type ExecutionId = z.infer<typeof ExecutionId>;
