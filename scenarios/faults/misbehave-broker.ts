import type { FaultView } from "../../protocol/faults.ts";
import type { FaultKind } from "./fault.ts";
import { FaultError } from "./fault-error.ts";
import { faultTitle } from "./fault-spec.ts";

/** The longest that a broker keeps a rule, in milliseconds (protocol/faults.ts). */
const expiresInMsMax = 3_600_000;

/**
 * The broker misbehaves on its operator's order: late, lost or wrong answers, events twice, out of order or not at all, a
 * wrong clock, a store that forgets. What waits when the rule ends goes on at once; see protocol/faults.ts.
 */
export const misbehaveBroker: FaultKind<"misbehave-broker"> = {
  kind: "misbehave-broker",
  does: "has the broker answer late, wrongly or not at all, repeat or drop events, show a wrong clock, forget writes",
  proves: "the broker counts how often the rule had an effect",
  needs: "a broker that takes orders to misbehave, as broker-sim with --faults, which the harness gives it",
  onSim: true,
  async apply({ number, broker, processes, writeAhead }, spec) {
    const { rule, agent, route, first } = spec;
    const [process] = processes({ process: "broker" }).processes;
    const { url, operatorToken, operator } = broker();
    if (process === undefined || operatorToken === undefined) throw noOrders();
    // By how long it would last it is told from every other rule of the run: its name is known only when it is in force.
    const expiresInMs = expiresInMsMax - number;
    const { pid, startTime } = process;
    writeAhead({ undo: "remove-broker-fault", url, operatorToken, pid, startTime, expiresInMs });
    const { ruleId } = await operator.putFault({
      fault: rule,
      expiresInMs,
      ...(route === undefined ? {} : { route }),
      ...(first === undefined ? {} : { first }),
      ...(agent === undefined ? {} : { agentId: processes({ process: agent }).target }),
    });
    return {
      fault: `broker-${rule.kind}`,
      target: "broker",
      detail: `${ruleId}: ${faultTitle(spec)}`,
      async proveEffect() {
        // A broker that was killed meanwhile has forgotten it.
        const view = await operator.faults().then(
          (all): FaultView | undefined => all.find((one) => one.ruleId === ruleId && isOurs(one, expiresInMs)),
          () => undefined,
        );
        if (view === undefined) return undefined;
        return {
          seen: view.hits > 0,
          lookedFor: "effects that the broker counts",
          found: `${ruleId} (${rule.kind}) had ${view.hits === 1 ? "1 effect" : `${view.hits} effects`}`,
        };
      },
    };
  },
};

export function isOurs({ putAt, expiresAt }: FaultView, expiresInMs: number): boolean {
  return expiresAt - putAt === expiresInMs;
}

function noOrders(): FaultError {
  return new FaultError("The broker names no operator token, so that nobody can order it to misbehave.", {
    code: "no-orders",
    next: "Use the built-in broker, or let yours print operatorToken in its line of JSON.",
  });
}
