import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { connect } from "node:net";

import type { StepOf } from "../../steps/step.ts";
import { unknownName } from "../../steps/unknown-name.ts";
import { agentStatus } from "./await-busy.ts";
import type { HostStage } from "./host-stage.ts";
import type { Outside } from "./hostile.ts";
import { attemptsOf } from "./see-misbehaviour.ts";

/** Looks, as anybody on this host could, whether what jobs tried outside their workspaces got there. */
export async function lookOutside(stage: HostStage, step: StepOf<"look-outside">): Promise<string> {
  const { agent: name, behaviour, when } = step;
  const agent = stage.agent(name);
  const { outside } = stage.hostile;
  if (outside === undefined) throw unknownName("attempt of jobs", behaviour);
  const driver = stage.hostile.drivers.get(name) ?? (await agentStatus(stage, name)).sandboxDriver;
  stage.hostile.drivers.set(name, driver);
  const tried = Object.assign({}, ...attemptsOf(agent)) as Record<string, string>;
  const seen = await reached(outside, behaviour);
  for (const { where, as, reached: got } of seen) {
    const told = { agentId: agent.agentId, driver, behaviour, where, when };
    stage.options.history.record("witness.reach", { ...told, tried: as in tried, reached: got });
  }
  const words = seen.map(({ where, reached: got }) => `${where} ${got ? "reached" : "not reached"}`);
  return `${driver}: ${words.join(", ")}`;
}

interface Reached {
  readonly where: string;
  /** As the job calls it. */
  readonly as: string;
  readonly reached: boolean;
}

async function reached(
  { leavable, port, mark }: Outside,
  behaviour: StepOf<"look-outside">["behaviour"],
): Promise<Reached[]> {
  switch (behaviour) {
    case "opens-port":
      return [{ where: `127.0.0.1:${port}`, as: String(port), reached: await answers(port) }];
    case "edits-crontab":
      return [{ where: "crontab", as: "crontab", reached: crontab().includes(mark) }];
    case "writes-outside":
      return leavable.map(({ location }) => {
        const as = location.slice(0, location.lastIndexOf("/"));
        return { where: as, as, reached: existsSync(location) };
      });
  }
}

async function answers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function crontab(): string {
  try {
    return execFileSync("crontab", ["-l"], { stdio: ["ignore", "pipe", "ignore"], encoding: "utf8" });
  } catch {
    // This user has none.
    return "";
  }
}
