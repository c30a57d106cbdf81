import * as z from "zod";

import { limits } from "../../../foundation/limits.ts";
import { agentName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Starts an agent and waits until it has joined. */
export const join = stepKind(
  z.strictObject({
    step: z.literal("join"),
    agent: agentName,
    slots: z.int().min(1).max(limits.slotsMax),
    /** It pauses by itself when its owner touches a file, and goes on after nothing was touched for so many seconds. */
    quietS: z.int().min(1).optional(),
    /** It reaches the broker over a line that faults can disturb (`disturb-link`); in virtual time everybody does. */
    link: z.boolean().optional(),
    /** Its home lies on a disk of its own of so many MiB, which `fill-disk` can fill; that takes root. */
    diskMb: z.int().min(1).max(1_024).optional(),
    /** How its jobs are confined; as it chooses itself, if nothing is said. A modelled host has one way. */
    sandbox: z.enum(["bubblewrap", "process"]).optional(),
    /** It is to be started again with the host, where that takes nothing away from this user. */
    autostart: z.boolean().optional(),
    /** What it and its jobs may take of the host together, held by the kernel whatever they do. */
    cage: z
      .strictObject({ processesMax: z.int().min(50).optional(), memoryMib: z.int().min(128).optional() })
      .optional(),
  }),
  ({ agent, slots, quietS, sandbox, cage, autostart }) => {
    const watches = quietS === undefined ? "" : ", and watches its owner's files";
    const confined = `${sandbox === undefined ? "" : `, by ${sandbox}`}${cage === undefined ? "" : ", in a cage"}`;
    const again = autostart === true ? ", to be started again with the host" : "";
    return `${agent} joins with ${slots} slots${watches}${confined}${again}`;
  },
);
