import { expect, onTestFinished, test } from "vitest";

import { AgentProcess, endlessJob, jobProcesses, tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryHome } from "./testing/temporary-home.ts";

const again = ["join", "--foreground", "--json"];

test("an agent that its job kills says so at its next start, and one that its owner ended does not (case 19)", async () => {
  const broker = await tinyBroker(onTestFinished);
  const paths = temporaryHome();
  const args = [...again, "--sandbox", "process", "--broker", broker.url, "--token", "t", "--slots", "1"];
  broker.jobs.push(["/bin/sh", "-c", "kill -KILL $PPID; exec sleep 60"]);
  const first = new AgentProcess({ paths, args, onFinished: onTestFinished });
  expect(await first.exited).toMatchObject({ signal: "SIGKILL" });

  const second = new AgentProcess({ paths, args: again, onFinished: onTestFinished });
  await second.ready();
  await until(() => broker.returned.has("lease-1"));
  expect(broker.returned.get("lease-1")).toMatchObject({ agentDied: true, reason: "the agent died while it ran" });
  expect(jobProcesses(paths)).toEqual([]);

  broker.jobs.push(endlessJob);
  await second.busy(1);
  await second.ask({ command: "pause" });
  second.child.kill("SIGKILL");
  await second.exited;
  const third = new AgentProcess({ paths, args: again, onFinished: onTestFinished });
  await third.ready();
  await until(() => broker.returned.has("lease-2"));
  expect(broker.returned.get("lease-2")).toMatchObject({ agentDied: false });
});
