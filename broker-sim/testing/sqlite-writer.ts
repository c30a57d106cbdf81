import { sqliteStore } from "../io/stores/sqlite-store.ts";
import { CoreBroker } from "./core-broker.ts";

/**
 * Raises a job's epoch in the store of the directory given, and prints each epoch once its commit was acknowledged,
 * until it is killed. Bounded, so that a test that fails to kill it leaves nothing running.
 */
const epochsMax = 5_000;
const store = sqliteStore(process.argv[2] ?? "");
const kept = (await store.load()).jobs[0];
const broker = new CoreBroker();
const job = kept ?? broker.job(broker.submit()[0] ?? "");
for (let step = 0; step < epochsMax; step += 1) {
  job.epoch += 1;
  await store.commit({ jobs: new Map([[job.jobId, JSON.stringify(job)]]), agents: new Map() });
  process.stdout.write(`${job.epoch}\n`);
}
