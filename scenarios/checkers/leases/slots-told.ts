import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { neededCount } from "../setting.ts";
import { Instances } from "../instances.ts";
import { Recent } from "../recent.ts";
import { violation } from "../story.ts";

interface Teller {
  /** Leases that take a slot: accepted, and their directory is not gone yet. */
  readonly taking: Set<string>;
  agentState: RecordOf<"agent.state">["data"]["to"];
  /** What its heartbeats under way should say, the first sent first; null where nobody can tell. */
  readonly said: (number | null)[];
  /** A pause was asked for, or it is on its way out: it takes nothing from then on, and nobody saw when that was. */
  closing: boolean;
  /** It shuts down, and no resume changes that. */
  left: boolean;
  /** For so many heartbeats nobody can tell: an offer was taken back while it was being accepted. */
  vague: number;
}

const vagueHeartbeats = 4;

/**
 * What an agent tells of its free slots is what it has: every slot that no accepted job takes while it takes work, and
 * none while it does not. A slot is free again when the directory of its job is gone.
 */
export const slotsTold = checkerOf(
  "an agent tells truly how many slots are free (WC-1)",
  { slots: neededCount("how many an agent has") },
  ({ slots }) => {
    const tellers = new Instances<Teller>(() => ({
      taking: new Set(),
      agentState: "Enrolling",
      said: [],
      closing: false,
      left: false,
      vague: 0,
    }));
    const leased = new Set<string>();
    /** Offers and leases that have ended. */
    const over = new Recent<true>();
    /** Leases that have had a directory. */
    const made = new Recent<true>();
    let heartbeats = 0;
    return {
      on: {
        "agent.started": (record) => void tellers.started(record),
        "agent.offer": ({ source, data: { leaseId, answer } }) => {
          if (answer !== "accepted") return;
          const teller = tellers.of(source);
          if (over.get(leaseId) === true) teller.vague = vagueHeartbeats;
          else teller.taking.add(leaseId);
        },
        "agent.released": ({ source, data: { resource } }) => {
          const leaseId = /\/sandboxes\/([^/]+)$/.exec(resource)?.[1];
          if (leaseId !== undefined) tellers.of(source).taking.delete(leaseId);
        },
        "broker.leased": ({ data: { leaseId } }) => void leased.add(leaseId),
        "agent.acquired": ({ source, data: { resource } }) => {
          const leaseId = /\/sandboxes\/([^/]+)$/.exec(resource)?.[1];
          if (leaseId === undefined) return;
          made.set(leaseId, true);
          tellers.of(source).taking.add(leaseId);
        },
        "broker.released": ({ data: { agentId, leaseId, how } }) => {
          // An offer that was told twice may be taken when its lease is over, for as long as the broker does not say so.
          over.set(leaseId, true);
          // One that is cancelled may come to nothing before its agent has heard that it is granted.
          if (leased.delete(leaseId) && (how !== "cancelled" || made.get(leaseId) === true)) return;
          const teller = tellers.ofAgent(agentId);
          // How far its agent had got with one that is cancelled, nobody can tell.
          if (how === "cancelled" && teller !== undefined) teller.vague = Infinity;
          if (teller?.taking.delete(leaseId) === true) teller.vague = vagueHeartbeats;
        },
        "agent.state": ({ source, data: { to } }) => {
          const teller = tellers.of(source);
          if (teller.agentState === "Paused") teller.closing = false;
          teller.agentState = to;
        },
        "agent.frozen": ({ source, data: { trigger } }) => {
          if (trigger !== "periodic checkpoint") tellers.of(source).closing = true;
        },
        "agent.thawed": ({ source }) => {
          tellers.of(source).closing = false;
        },
        "agent.shutdown": ({ source }) => {
          tellers.of(source).left = true;
        },
        "agent.woke": ({ source, data: { cause } }) => {
          const teller = tellers.of(source);
          const { taking, agentState, closing, left, said } = teller;
          const takes = (agentState === "Idle" || agentState === "Working") && !closing && !left;
          if (teller.vague > 0) teller.vague -= 1;
          // Either this very resume calls a pause off before it was in force, or the next pause was asked for meanwhile.
          const isVague = teller.vague > 0 || (cause === "resumed" && closing);
          said.push(isVague ? null : takes ? Math.max(0, slots - taking.size) : 0);
        },
        "broker.heartbeat": (record) => {
          const { instanceId, agentId, slotsFree } = record.data;
          const teller = instanceId === undefined ? tellers.ofAgent(agentId) : tellers.of(instanceId);
          const expected = teller?.said.shift() ?? null;
          heartbeats += 1;
          if (expected === null || expected === slotsFree) return;
          return violation(`an agent with ${expected} free slots says that ${slotsFree} are free`, record);
        },
      },
      end: () => (heartbeats === 0 ? undecided("no agent signalled") : passed(`${heartbeats} heartbeats`)),
    };
  },
);
