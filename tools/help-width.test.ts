import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

const programs = ["scenarios", "residue", "reports", "donor-agent", "broker-sim"];
const columnsMax = 80;

/** What a program says of itself, or of one of its commands, onto a terminal that says nothing of its width. */
async function helpOf(program: string, command: readonly string[]): Promise<string> {
  const path = join(import.meta.dirname, "..", "bin", `${program}.mjs`);
  const { COLUMNS: _columns, ...env } = process.env;
  const child = spawn(process.execPath, [path, ...command, "--help"], { stdio: ["ignore", "pipe", "pipe"], env });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  expect([program, ...command, code, stderr]).toEqual([program, ...command, 0, ""]);
  return stdout;
}

/** The commands that a help lists, but for `help` itself, which says the same again. */
function commandsOf(help: string): string[] {
  const [, listed = ""] = /\nCommands:\n((?: .*\n)+)/.exec(help) ?? [];
  const names = Array.from(listed.matchAll(/^ {2}([a-z][a-z-]*)/gm), ([, name = ""]) => name);
  return names.filter((name) => name !== "help");
}

test.each(programs)("every help of `%s` fits into 80 columns", async (program) => {
  const wide: string[] = [];
  let seen = 0;
  const walk = async (command: readonly string[]): Promise<void> => {
    const help = await helpOf(program, command);
    seen += 1;
    const where = [program, ...command].join(" ");
    wide.push(
      ...help.split("\n").flatMap((line) => (Array.from(line).length > columnsMax ? [`${where}: ${line}`] : [])),
    );
    await Promise.all(commandsOf(help).map(async (name) => await walk([...command, name])));
  };
  await walk([]);
  expect(wide).toEqual([]);
  // Each has commands, or this has looked at nothing.
  expect(seen).toBeGreaterThan(2);
});
