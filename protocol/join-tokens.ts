import * as z from "zod";

import { AgentId, WallMs } from "./identifiers.ts";

/** A join token for one agent, as its operator sees it; the token itself is told once, when it is made. */
export const JoinTokenView = z.strictObject({
  tokenId: z.string(),
  createdAt: WallMs,
  expiresAt: WallMs,
  /** The agent whose key came with it first; nobody else can use it from then on. */
  usedBy: AgentId.nullable(),
});
export type JoinTokenView = z.infer<typeof JoinTokenView>;

/** `POST join-tokens`. */
export const CreateJoinToken = z.strictObject({
  expiresInMs: z.int().min(1).max(31_536_000_000).default(3_600_000),
});
export const CreatedJoinToken = JoinTokenView.extend({ joinToken: z.string() });
export const JoinTokenList = z.strictObject({ joinTokens: z.array(JoinTokenView) });
