import type { BrokerBody } from "./broker-body.ts";
import { acceptance, beat, brokerAgents, type Call, completion, enrolment } from "./broker-calls.ts";
import type { BrokerModel } from "./broker-model.ts";

/** Every command is followed by a look at all that the broker shows. */
export async function compare(model: BrokerModel, body: BrokerBody): Promise<void> {
  const jobs = await body.jobs();
  model.compare(jobs, body.recorded());
}

/** As most lives begin. The first copy of the store knows nothing of whoever enrols last. */
export async function enrolEverybody(model: BrokerModel, body: BrokerBody): Promise<void> {
  for (const [index, actor] of model.actors.entries()) {
    if (index === brokerAgents - 1) {
      await body.mark();
      model.mark();
    }
    const { input, judge } = enrolment(model, actor);
    judge(await body.ask(input));
  }
  await compare(model, body);
}

/** Faults have stopped: an agent that takes whatever there is brings every job to its end (L2). */
export async function settleEverything(model: BrokerModel, body: BrokerBody): Promise<void> {
  const finisher = model.join(brokerAgents, 8);
  const tell = async ({ input, judge }: Call): Promise<void> => judge(await body.ask(input));
  await tell(enrolment(model, finisher));
  const roundsMax = model.unsettled() + 10;
  for (let round = 0; round < roundsMax && model.unsettled() > 0; round += 1) {
    await tell(beat(model, finisher, { named: [], slotsFree: finisher.slots, isPaused: false }));
    for (const lease of finisher.heard.splice(0)) {
      await tell(acceptance(model, finisher, { lease, epoch: lease.epoch }));
      await tell(completion(model, finisher, { lease, epoch: lease.epoch, outcome: "completed", result: "done" }));
    }
    await body.advance(1_000);
    model.advanced(body.nowMs());
  }
  if (model.unsettled() > 0) throw new Error(`${model.unsettled()} jobs never come to their end (L2)`);
  await compare(model, body);
}
