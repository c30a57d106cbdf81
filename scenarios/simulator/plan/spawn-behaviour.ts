import * as z from "zod";

/** What an agent does that the broker starts; the defaults are a good one. */
export const SpawnBehaviour = z.strictObject({
  /** It ends by itself then; null for one that works until it is ended, as agents do. */
  livesMs: z.int().min(0).nullable().default(null),
  exitCode: z.int().min(0).max(255).default(0),
  onTerm: z.enum(["ends", "ignores"]).default("ends"),
  /** It cannot be started. */
  fails: z.boolean().default(false),
});
export type SpawnBehaviour = z.infer<typeof SpawnBehaviour>;
