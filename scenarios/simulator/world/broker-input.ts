import type { BrokerInput } from "../../../broker-sim/core/inputs.ts";
import type { EnrolRequest } from "../../../protocol/messages.ts";
import type { BrokerCall } from "./broker-call.ts";

/** The token that its operator gives to those who are to join. */
export const brokersToken = "token";

/**
 * What the broker's brain is handed for a request. Signatures are not simulated: every one is said to be good. The
 * token is not the same for long: whoever is known by now has an old one.
 */
export function brokerInputOf(
  { from, route, leaseId }: BrokerCall,
  { message, isKnown }: { message: unknown; isKnown: boolean },
): BrokerInput {
  const { caller } = from;
  if (route === "enrol") {
    const { joinToken, ...rest } = message as EnrolRequest;
    const joinTokenMatches = joinToken === brokersToken && !isKnown;
    return { type: "enrol", caller, message: rest, joinTokenMatches, revocationVerified: true };
  }
  if (route === "withdraw") return { type: "withdraw", caller, message, revocationVerified: true } as BrokerInput;
  return { type: route, caller, leaseId, message } as BrokerInput;
}
