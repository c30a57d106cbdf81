import type { AgentStatus } from "../../protocol/control.ts";
import { leaseStatus } from "./lease-facts.ts";
import type { AgentCore } from "./state.ts";

/** What the core knows of itself; whoever runs it adds what only the host knows. */
export type CoreStatus = Omit<AgentStatus, "pid" | "broker" | "sandboxDriver" | "ledgerEntries">;

export function coreStatus(core: AgentCore): CoreStatus {
  const sandboxes = core.leaseList.flatMap((lease) => {
    const { sandbox } = lease;
    if (sandbox === null || lease.stage === "reporting" || lease.stage === "parted") return [];
    const { workspace, pid, cgroup } = sandbox;
    const alive = lease.stage === "running" || lease.stage === "ending" || lease.stage === "broken";
    return [{ ...leaseStatus(core, lease), cgroup: alive ? cgroup : null, pid: alive ? pid : null, workspace }];
  });
  return {
    agentId: core.agentId,
    instanceId: core.instanceId,
    state: core.agent,
    pausedBy: core.pause?.by ?? null,
    activity: core.activity === null ? null : { ...core.activity },
    pauseAsked: core.pause !== null && core.pause.result === null,
    reason: core.reason,
    brokerReachable: core.brokerReachable,
    ...(core.brokerRefusal === null ? {} : { brokerRefusal: core.brokerRefusal }),
    ...(core.brokerSilence === null ? {} : { brokerSilence: core.brokerSilence }),
    slots: core.slots,
    sandboxes,
    endedExecutions: [...core.endedExecutions],
  };
}
