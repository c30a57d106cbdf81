import { UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { nearest } from "../../foundation/nearest.ts";
import { wrapText } from "../../foundation/wrap-text.ts";
import { historyEvents, type HistoryType } from "../../protocol/history.ts";
import { streamOutput } from "../../reports/stream-output.ts";

const names = Object.keys(historyEvents) as HistoryType[];

/**
 * `scenarios events [NAME]`.
 *
 * @throws UsageError `unknown-event`
 */
export function eventsCommand(wanted: string | undefined, flags: { readonly json?: boolean }): number {
  const output = streamOutput(process.stdout);
  const shown = (wanted === undefined ? names : [named(wanted)]).map((name) => ({ name, fields: fieldsOf(name) }));
  if (flags.json === true) output.write(`${JSON.stringify(shown, undefined, 2)}\n`);
  else
    output.write(
      shown.map(({ name, fields }) => `${name}\n${wrapText(fields.join(", "), { indent: "  " })}\n`).join(""),
    );
  return ExitCode.pass;
}

function fieldsOf(name: HistoryType): string[] {
  return Object.keys(historyEvents[name].shape);
}

function named(wanted: string): HistoryType {
  const found = names.find((name) => name === wanted);
  if (found !== undefined) return found;
  const meant = nearest(wanted, names);
  throw new UsageError(`There is no event "${wanted}".`, {
    code: "unknown-event",
    next: meant === undefined ? "`scenarios events` shows them all." : `Did you mean \`scenarios events ${meant}\`?`,
  });
}
