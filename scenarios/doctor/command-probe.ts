import { execa } from "execa";

import type { Probe, Trial } from "./probe.ts";

/** How long a trial may take, in milliseconds: some of them start a program of a hundred megabytes. */
const withinMs = 20_000;
const saidMax = 160;

interface CommandProbe {
  readonly name: string;
  readonly for: string;
  /** Does the smallest thing that shows that it works. */
  readonly command: readonly [string, ...string[]];
  /** Where the program is not there. */
  readonly install: string;
  /** Where it is there and does not work. */
  readonly otherwise: string;
}

/** Tries a program by having it do something small. */
export function commandProbe({ name, for: use, command, install, otherwise }: CommandProbe): Probe {
  return {
    ...{ name, for: use },
    attempt: async () => await tryCommand(command),
    remedy: ({ detail }) => (detail.endsWith(notThere) ? install : otherwise),
  };
}

const notThere = "is not installed";

/** What a command came to: with what it said first, or why it does not work. */
async function tryCommand([file, ...args]: readonly [string, ...string[]]): Promise<Trial> {
  const result = await execa(file, args, { reject: false, stdin: "ignore", timeout: withinMs, all: true });
  const lines = (result.all ?? "").trim().split("\n");
  const [said] = lines.map((line) => line.slice(0, saidMax));
  // What a program says before its version is somebody else's warning.
  if (result.exitCode === 0) return { status: "ok", detail: lines.at(-1)?.slice(0, saidMax) ?? "" };
  if (result.code === "ENOENT") return { status: "no", detail: `${file} ${notThere}` };
  // `unshare -n nft …` fails as unshare does, whichever of the two is not there.
  const missing = /(?:failed to execute|exec:|env:) ['"‘]?([\w./-]+)['"’]?: (?:No such file|not found)/.exec(
    said ?? "",
  )?.[1];
  if (missing !== undefined) return { status: "no", detail: `${missing} ${notThere}` };
  const why = result.timedOut
    ? `did not end within ${withinMs / 1_000} s`
    : (said ?? "") || `ended with ${result.exitCode}`;
  return { status: "no", detail: why };
}
