import { once } from "node:events";
import { expect, test } from "vitest";

import type { JobView } from "../protocol/messages.ts";
import { routes } from "../protocol/routes.ts";
import { temporaryDirectory } from "./testing/live-broker.ts";
import { type Served, operatorHeaders, serve, stop } from "./testing/served-broker.ts";
import { SigningClient } from "./testing/signing-client.ts";

/** What a broker acknowledged until it was killed. */
interface Acknowledged {
  readonly accepted: Set<string>;
  readonly completed: Set<string>;
}

/**
 * Submits, leases and completes over four connections at once until the broker dies, and kills it by itself after so many
 * acknowledged submissions: in the middle of the others' requests.
 */
async function workUntilKilled(served: Served, acknowledged: Acknowledged, killAfter: number): Promise<void> {
  const { url, child } = served;
  let submitted = 0;
  const submitter = async (): Promise<void> => {
    for (;;) {
      const response = await fetch(url + routes.jobs, {
        method: "POST",
        headers: { "content-type": "application/json", ...operatorHeaders(served) },
        body: JSON.stringify({ jobs: [{ command: ["true"] }, { command: ["true"] }] }),
      });
      const { jobIds } = (await response.json()) as { jobIds: string[] };
      for (const jobId of jobIds) acknowledged.accepted.add(jobId);
      submitted += 1;
      if (submitted === killAfter) child.kill("SIGKILL");
    }
  };
  const agent = new SigningClient(url);
  await agent.enrol(served.joinToken);
  const worker = async (): Promise<void> => {
    for (;;) {
      for (const { leaseId, epoch, jobId } of (await agent.heartbeat()).body.offers) {
        if ((await agent.post(routes.leaseAction(leaseId, "accept"), { epoch })).status !== 200) continue;
        const body = { epoch, outcome: "completed", exitCode: 0, progress: 1 };
        const { status } = await agent.post(routes.leaseAction(leaseId, "complete"), body);
        if (status === 200) acknowledged.completed.add(jobId);
      }
    }
  };
  // Each ends with the connection that breaks under it.
  await Promise.allSettled([submitter(), submitter(), submitter(), worker()]);
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

test("killed at any moment, a broker loses no job that it accepted and no end that it took (I3)", async () => {
  const data = temporaryDirectory();
  const acknowledged: Acknowledged = { accepted: new Set(), completed: new Set() };
  for (const killAfter of [1, 2, 5, 13, 29, 43]) {
    const served = await serve(["--data", data]);
    await workUntilKilled(served, acknowledged, killAfter);
    expect(served.child.signalCode).toBe("SIGKILL");
  }
  const served = await serve(["--data", data]);
  const response = await fetch(served.url + routes.jobs, { headers: operatorHeaders(served) });
  const { jobs } = (await response.json()) as { jobs: JobView[] };
  const states = new Map(jobs.map(({ jobId, state }) => [jobId, state]));
  expect(acknowledged.accepted.size).toBeGreaterThanOrEqual(2 * (1 + 2 + 5 + 13 + 29 + 43));
  expect(acknowledged.completed.size).toBeGreaterThan(0);
  expect([...acknowledged.accepted].filter((jobId) => !states.has(jobId))).toEqual([]);
  expect([...acknowledged.completed].filter((jobId) => states.get(jobId) !== "completed")).toEqual([]);
  expect(await stop(served, "SIGTERM")).toBe(0);
});
