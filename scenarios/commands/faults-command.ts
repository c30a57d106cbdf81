import { ExitCode } from "../../foundation/exit-codes.ts";
import { wrapText } from "../../foundation/wrap-text.ts";
import { streamOutput } from "../../reports/stream-output.ts";
import { missingFor } from "../faults/fault-needs.ts";
import type { FaultKind } from "../faults/fault.ts";
import type { FaultKindName } from "../faults/fault-spec.ts";
import { faultKindOf, faultKinds } from "../faults/kinds.ts";

const kindNames = Object.keys(faultKinds) as FaultKindName[];
const indent = "  ";
/** Two of the 80 are for what the words are filled up with. */
const columns = 78;
const hanging = " ".repeat(indent.length + "proves  ".length);

/** `scenarios faults`: exit 0 also where this machine can do none of them. */
export function faultsCommand(flags: { readonly json?: boolean }): number {
  const output = streamOutput(process.stdout);
  const kinds = kindNames.map(faultKindOf);
  if (flags.json === true) output.write(`${JSON.stringify(kinds.map(asJson), undefined, 2)}\n`);
  else output.write(kinds.map(entry).join(""));
  return ExitCode.pass;
}

function asJson(kind: FaultKind<FaultKindName>) {
  const { kind: name, does, needs, proves, onSim } = kind;
  return { name, does, needs, proves, onSim, missing: missingFor(kind.kind) };
}

function entry(kind: FaultKind<FaultKindName>): string {
  const missing = missingFor(kind.kind);
  const here = missing === null ? "yes" : `no. ${missing.why} ${missing.remedy}`;
  const facts = {
    does: kind.does,
    needs: kind.needs,
    here,
    proves: kind.proves,
    on: `host${kind.onSim ? ", sim" : ""}`,
  };
  const lines = Object.entries(facts).map(([word, text]) =>
    wrapText(`${word}: ${text}`, { indent, hanging, columns }).replace(`${word}: `, `${word}:`.padEnd(8)),
  );
  return `${[kind.kind, ...lines].join("\n")}\n`;
}
