import { UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { nearest } from "../../foundation/nearest.ts";
import { wrapText } from "../../foundation/wrap-text.ts";
import { streamOutput } from "../../reports/stream-output.ts";
import { type CheckerName, checkers } from "../checkers/registry.ts";
import type { Setting } from "../checkers/setting.ts";

const names = Object.keys(checkers) as CheckerName[];
const indent = "  ";

/**
 * `scenarios checkers [NAME]`.
 *
 * @throws UsageError `unknown-checker`
 */
export function checkersCommand(wanted: string | undefined, flags: { readonly json?: boolean }): number {
  const output = streamOutput(process.stdout);
  const shown = wanted === undefined ? names : [named(wanted)];
  if (flags.json === true) output.write(`${JSON.stringify(shown.map(asJson), undefined, 2)}\n`);
  else output.write(shown.map(entry).join(""));
  return ExitCode.pass;
}

function named(wanted: string): CheckerName {
  const found = names.find((name) => name === wanted);
  if (found !== undefined) return found;
  const meant = nearest(wanted.toLowerCase(), names);
  throw new UsageError(`There is no checker "${wanted}".`, {
    code: "unknown-checker",
    next:
      meant === undefined ? "`scenarios checkers` shows them all." : `Did you mean \`scenarios checkers ${meant}\`?`,
  });
}

function settingsOf(name: CheckerName): [string, Setting][] {
  return Object.entries(checkers[name].settings);
}

/** What holds where it is not told, as a user would write it; null where it has to be, or nothing holds. */
function otherwiseOf({ needed, otherwise }: Setting): number | string | null {
  return needed || otherwise === null || otherwise === Infinity ? null : otherwise;
}

function asJson(name: CheckerName) {
  const settings = settingsOf(name).map(([setting, told]) => ({
    ...{ name: setting, says: told.says, takes: told.takes, needed: told.needed, default: otherwiseOf(told) },
  }));
  return { name, title: checkers[name].title, settings };
}

function entry(name: CheckerName): string {
  const settings = settingsOf(name);
  const width = Math.max(0, ...settings.map(([setting]) => setting.length));
  const hanging = " ".repeat(indent.length + width + 2);
  const lines = settings.flatMap(([setting, told]) => {
    const otherwise = otherwiseOf(told);
    const how = told.needed ? "needed" : otherwise === null ? "may be left out" : `default: ${otherwise}`;
    return [
      wrapText(`${told.takes} (${how})`, { indent: `${indent}${setting.padEnd(width)}  `, hanging }),
      wrapText(told.says, { indent: hanging, hanging }),
    ];
  });
  return `${[name, wrapText(checkers[name].title, { indent, hanging: indent }), ...lines].join("\n")}\n`;
}
