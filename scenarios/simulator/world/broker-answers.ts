import type * as z from "zod";

import type { BrokerOutcome } from "../../../agent/core/outcome.ts";
import type { AcceptResponse, EnrolResponse, HeartbeatResponse, WithdrawResponse } from "../../../protocol/messages.ts";
import type { AgentProcess } from "./agent-process.ts";
import type { Connection } from "./agent-stream.ts";
import type { BrokerCall } from "./broker-call.ts";

/** Hands the brain the answer to a call, or that none came in time. */
export function hearAnswer(body: AgentProcess, call: BrokerCall, outcome: BrokerOutcome<unknown>): void {
  const { leaseId, generation, sentAtMs } = call;
  switch (call.route) {
    case "enrol":
      body.see({ type: "enrolAnswered", outcome: outcome as BrokerOutcome<EnrolResponse> });
      return;
    case "heartbeat":
      if (outcome.ok) body.stream.nudge();
      body.see({ type: "heartbeatAnswered", outcome: outcome as BrokerOutcome<HeartbeatResponse>, sentAtMs });
      return;
    case "accept":
      body.see({
        type: "acceptAnswered",
        leaseId,
        outcome: outcome as BrokerOutcome<z.infer<typeof AcceptResponse>>,
      });
      return;
    case "complete":
      body.see({ type: "completeAnswered", leaseId, outcome });
      return;
    case "return":
      body.see({ type: "returnAnswered", leaseId, outcome });
      return;
    case "events":
      body.stream.answered(call.message as Connection, outcome);
      return;
    case "paused":
      body.see({ type: "pausedAnswered", generation, outcome });
      return;
    case "shutdown":
      body.see({ type: "shutdownAnswered", outcome });
      return;
    case "withdraw":
      body.see({ type: "withdrawAnswered", outcome: outcome as BrokerOutcome<WithdrawResponse> });
      return;
    case "progress":
      body.see({ type: "progressAnswered", leaseId, generation, outcome });
      return;
    case "decline":
    case "resumed":
      // Answered by nothing: the next heartbeat says the same.
      return;
    case "get-blobs":
    case "upload-ask":
    case "upload-chunk":
      // Whoever fetches or brings it hears of it, and the brain then hears what came of that.
      return;
  }
}
