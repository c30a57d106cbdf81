import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Debt } from "../debt.ts";
import { dutyOf, roundTripMs } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { violation } from "../story.ts";

interface Instance {
  state: RecordOf<"agent.state"> | null;
  /** A pause began or ended, and the broker was not told yet. */
  untold: Debt<RecordOf<"agent.state">> | null;
  /** The state at each heartbeat that is on its way. */
  readonly sent: (RecordOf<"agent.state"> | null)[];
}

/**
 * The broker hears at once of a pause and of a resume: by a heartbeat that waits for no more than the answer to the one
 * before. Each heartbeat says the state that the agent is in, and free slots only where work is taken (WC-2, WC-3).
 */
export const pauseHeard = checkerOf(
  "a heartbeat tells of a pause and of a resume at once (WC-3)",
  dutyOf("latencyMsMax"),
  (settings) => {
    const bearMs = roundTripMs(settings);
    const instances = new Instances<Instance>(() => ({ state: null, untold: null, sent: [] }));
    let told = 0;
    return {
      on: {
        "agent.started": (record) => {
          instances.of(record.source);
          instances.started(record);
        },
        "broker.enrolled": (record) => {
          instances.enrolled(record);
        },
        "agent.state": (record) => {
          const instance = instances.of(record.source);
          const { from, to } = record.data;
          instance.state = record;
          if (to === "Withdrawing") instance.untold = null;
          else if (to === "Paused" || from === "Paused") instance.untold = new Debt(record);
        },
        // The broker hears of the end instead.
        "agent.shutdown": ({ source }) => {
          instances.of(source).untold = null;
        },
        "agent.woke": (record) => {
          const instance = instances.of(record.source);
          const { untold, state, sent } = instance;
          sent.push(state);
          instance.untold = null;
          if (untold === null) return;
          told += 1;
          const ageMs = untold.ageMs(record);
          if (ageMs <= bearMs) return;
          return violation(
            `the broker was told after ${ageMs} ms that the agent is ${state?.data.to}`,
            untold.since,
            record,
          );
        },
        "broker.heartbeat": (record) => {
          const { agentId, state, slotsFree } = record.data;
          // What asks whether the key is dead is no heartbeat of its own.
          if (state === "Withdrawing") return;
          const sent = instances.ofAgent(agentId)?.sent.shift();
          if (slotsFree > 0 && state !== "Idle" && state !== "Working") {
            return violation(`an agent that is ${state} counts ${slotsFree} free slots`, sent, record);
          }
          if (sent === undefined || sent === null || sent.data.to === state) return;
          return violation(`an agent that was ${sent.data.to} said that it is ${state}`, sent, record);
        },
      },
      end: () => (told === 0 ? undecided("nothing was paused") : passed(`${told} times the broker was told`)),
    };
  },
);
