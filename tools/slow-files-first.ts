import { relative, sep } from "node:path";

import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files of tests that take longest, longest first: from 12 s or so on two processors. A clean clone has no times of an
 * earlier run, and vitest goes by the size of a file then: what is short to write down and long to run came last, and
 * everybody waited for it.
 */
export const slowFiles: readonly string[] = [
  "agent/kill-at-every-step.test.ts",
  "agent/sandbox/bubblewrap-driver.test.ts",
  "residue-scanner/interrupted.test.ts",
  "broker-sim/cli.test.ts",
  "scenarios/zoo/zoo.test.ts",
  "agent/sandbox/process-driver.test.ts",
  "scenarios/catalog/planted.test.ts",
  "residue-scanner/cli.test.ts",
  "scenarios/simulating/determinism.test.ts",
  "broker-sim/broker-kills.test.ts",
  "broker-sim/cli-executions.test.ts",
  "agent/activity/own-load.test.ts",
  "agent/cooperation.test.ts",
  "agent/termination.test.ts",
  "reports/gate-cli.test.ts",
  "agent/daemon.test.ts",
  "agent/silent-agent.test.ts",
  "broker-sim/io/stores/redis-outages.test.ts",
  "agent/autostart.test.ts",
  "agent/damaged-ledger.test.ts",
  "broker-sim/io/executions/http-executions.test.ts",
  "agent/withdrawal-without-broker.test.ts",
  "agent/lasting-options.test.ts",
  "broker-sim/io/federation/http-federation.test.ts",
  "agent/pause-by-activity.test.ts",
  "scenarios/zoo/model-mutants.test.ts",
  "scenarios/simulate-cli.test.ts",
  "reports/cli.test.ts",
  "scenarios/suite-commands.test.ts",
  "agent/withdrawal-crash.test.ts",
  "broker-sim/io/stores/damaged-store.test.ts",
  "broker-sim/commands/wait.test.ts",
];

/** Vitest's own order, but for the slow files, which come first in their project. */
export class SlowFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => groupOf(a) - groupOf(b) || this.#place(a) - this.#place(b));
  }

  #place({ moduleId }: TestSpecification): number {
    const place = slowFiles.indexOf(relative(this.ctx.config.root, moduleId).replaceAll(sep, "/"));
    return place === -1 ? slowFiles.length : place;
  }
}

/** `pure` before `unit` before `host`, whatever their files are. */
const groupOf = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;
