import * as z from "zod";

import { GatePolicy } from "../reports/gate/policy.ts";

/** The release gate's policy as a JSON schema (draft 2020-12), of what may be written: defaults need not be. */
export function policyJsonSchema(): string {
  const schema = z.toJSONSchema(GatePolicy, { io: "input" });
  return `${JSON.stringify({ title: "Houseguest's release gate", ...schema }, null, 2)}\n`;
}
