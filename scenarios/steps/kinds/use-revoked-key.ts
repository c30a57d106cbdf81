import * as z from "zod";

import { agentName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Signs a heartbeat, and an enrolment, with the withdrawn agent's key, of which the harness kept a copy. */
export const useRevokedKey = stepKind(
  z.strictObject({
    step: z.literal("use-revoked-key"),
    agent: agentName,
  }),
  ({ agent }) => `try the key that ${agent} revoked`,
);
