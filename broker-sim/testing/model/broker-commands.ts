import fc from "fast-check";

import type { BrokerBody } from "./broker-body.ts";
import {
  accept,
  brokerAgents,
  cancel,
  complete,
  decline,
  enrol,
  handBack,
  heartbeat,
  startAnew,
  submit,
} from "./broker-calls.ts";
import {
  type Command,
  Drained,
  HandBackWithCheckpoint,
  type MakeCall,
  Mark,
  OneCall,
  Restart,
  ServerForgets,
  TakeWork,
  TimePasses,
  Together,
} from "./broker-happenings.ts";
import type { BrokerModel } from "./broker-model.ts";

const words = fc.record({ agent: fc.nat(brokerAgents - 1), pick: fc.nat(1_000), flag: fc.boolean() });

/** What happens to a broker, each drawn as a command of a model run. */
export const brokerCommands: readonly fc.Arbitrary<fc.AsyncCommand<BrokerModel, BrokerBody>>[] = [
  call("Submit", submit, 3),
  call("Heartbeat", heartbeat, 4),
  call("Accept", accept, 3),
  call("Decline", decline),
  call("Complete", complete, 3),
  call("HandBack", handBack, 2),
  call("Cancel", cancel),
  call("Enrol", enrol),
  call("StartAnew", startAnew),
  weighted(
    5,
    words.map((drawn) => new TakeWork(drawn)),
  ),
  weighted(
    3,
    words.map((drawn) => new HandBackWithCheckpoint(drawn)),
  ),
  weighted(
    3,
    fc.array(oneOfCalls(), { minLength: 2, maxLength: 5 }).map((drawn) => new Together(drawn)),
  ),
  weighted(
    1,
    fc.array(oneOfCalls(), { minLength: 1, maxLength: 6 }).map((drawn) => new Drained(drawn)),
  ),
  weighted(
    5,
    fc.constantFrom(1, 10, 29, 30, 70, 299, 300).map((ms) => new TimePasses(ms)),
  ),
  weighted(
    2,
    fc.constant(null).map(() => new Mark()),
  ),
  weighted(
    3,
    fc.constantFrom("now" as const, "mark" as const).map((from) => new Restart(from)),
  ),
  weighted(
    1,
    fc.constant(null).map(() => new ServerForgets()),
  ),
].flat();

function call(name: string, make: MakeCall, weight = 1): fc.Arbitrary<Command>[] {
  return weighted(
    weight,
    words.map((drawn) => new OneCall(name, make, drawn)),
  );
}

function oneOfCalls(): fc.Arbitrary<OneCall> {
  const kinds = fc.constantFrom<[string, MakeCall]>(
    ["Submit", submit],
    ["Heartbeat", heartbeat],
    ["Heartbeat", heartbeat],
    ["Accept", accept],
    ["Complete", complete],
    ["Decline", decline],
    ["Cancel", cancel],
    ["Enrol", enrol],
  );
  return fc.tuple(kinds, words).map(([[name, make], drawn]) => new OneCall(name, make, drawn));
}

/** fc.commands draws each arbitrary as often as the others; one that stands there twice, twice as often. */
function weighted(weight: number, command: fc.Arbitrary<Command>): fc.Arbitrary<Command>[] {
  return Array.from({ length: weight }, () => command);
}
