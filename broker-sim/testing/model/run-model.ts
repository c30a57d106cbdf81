import fc from "fast-check";

import { messageOf } from "../../../foundation/errors.ts";
import type { BrokerBody } from "./broker-body.ts";
import { brokerAgents } from "./broker-calls.ts";
import { brokerCommands } from "./broker-commands.ts";
import { enrolEverybody, settleEverything } from "./broker-lives.ts";
import { BrokerModel } from "./broker-model.ts";

/** Plays one failure again: `BODY/SEED/PATH/COMMANDS`, as the failure printed it; `BODY/SEED` all runs of a seed. */
export const replayVariable = "HOUSEGUEST_MODEL_REPLAY";
/** How many times as many runs each body gets as in every `npm test`. */
export const timesVariable = "HOUSEGUEST_MODEL_TIMES";

export interface ModelRun {
  /** The body's name, for the replay. */
  readonly name: string;
  readonly start: () => Promise<BrokerBody>;
  readonly runs: number;
  readonly seed: number;
  readonly replay?: Replay | undefined;
}

interface Replay {
  readonly name: string;
  readonly seed: number;
  readonly path: string;
  readonly commands: string;
}

/** What was found, shrunk, and how to see it again. */
export interface ModelFailure {
  /** How many runs it took. */
  readonly runs: number;
  readonly commands: string;
  readonly error: string;
  readonly replay: string;
}

const commandsMax = 120;

/** @returns the failure with the fewest commands, or null */
export async function runModel({ name, start, runs, seed, replay }: ModelRun): Promise<ModelFailure | null> {
  const replayPath = replay === undefined || replay.commands === "" ? {} : { replayPath: replay.commands };
  const commands = fc.commands([...brokerCommands], { maxCommands: commandsMax, size: "max", ...replayPath });
  const property = fc.asyncProperty(commands, async (drawn) => {
    const body = await start();
    try {
      const model = new BrokerModel(body, brokerAgents);
      await enrolEverybody(model, body);
      await fc.asyncModelRun(() => ({ model, real: body }), drawn);
      await settleEverything(model, body);
    } finally {
      await body.close();
    }
  });
  const { path = "", seed: from = seed } = replay ?? {};
  const where = path === "" ? { numRuns: runs } : { path, endOnFailure: true };
  const result = await fc.check(property, { seed: from, ...where });
  if (!result.failed) return null;
  const shown = fc.stringify(result.counterexample?.[0]);
  const commandPath = /replayPath="([^"]*)"/.exec(shown)?.[1] ?? "";
  return {
    runs: result.numRuns,
    commands: shown,
    error: messageOf(result.errorInstance),
    replay: [name, result.seed, result.counterexamplePath, commandPath].join("/"),
  };
}

/** What `HOUSEGUEST_MODEL_REPLAY` asks for; undefined when it asks for nothing. */
export function askedReplay(text = process.env[replayVariable] ?? ""): Replay | undefined {
  const [name = "", seed = "", path = "", ...commands] = text.split("/");
  return text === "" ? undefined : { name, seed: Number(seed), path, commands: commands.join("/") };
}

/** What is printed of a failure. */
export function tellFailure({ runs, commands, error, replay }: ModelFailure): string {
  return [
    `The model and the broker part after ${runs} runs: ${error}`,
    ...commands
      .replace(/\s*\/\*replayPath=.*$/s, "")
      .split(/,(?![^[]*\])/)
      .map((command) => `  ${command}`),
    `To play it again: ${replayVariable}='${replay}' npm test -- broker-sim/broker-bodies`,
  ].join("\n");
}
