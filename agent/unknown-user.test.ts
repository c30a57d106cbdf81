import { existsSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";

import { asUnknownUser, canBeUnknownUser } from "./testing/unknown-user.ts";
import { WithdrawalReport } from "../protocol/withdrawal-report.ts";
import { AgentProcess, endlessJob, tinyBroker } from "./testing/agent-process.ts";
import { temporaryHome } from "./testing/temporary-home.ts";

/** In a container that was started with `--user` there is no name, no home, and no crontab for its user. */
test.skipIf(!canBeUnknownUser())(
  "an agent whose user has no name works and withdraws (skipped: needs user namespaces)",
  async () => {
    const broker = await tinyBroker(onTestFinished);
    broker.jobs.push(endlessJob);
    const paths = temporaryHome();
    const args = ["join", "--foreground", "--json", "--sandbox", "process", "--broker", broker.url, "--token", "t"];
    const environment = { HOME: undefined, XDG_DATA_HOME: undefined };
    const agent = new AgentProcess({ paths, args, environment, wrapper: asUnknownUser, onFinished: onTestFinished });
    await agent.ready();
    await agent.busy(1);
    const { report } = await agent.ask({ command: "withdraw" });
    expect(WithdrawalReport.parse(report)).toMatchObject({ clean: true, directoriesLeft: [], processesLeft: [] });
    expect(await agent.exited).toMatchObject({ code: 0 });
    expect(existsSync(paths.home)).toBe(false);
  },
);
