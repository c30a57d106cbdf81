import type { Finding, Waiver, WaiverUse } from "../../protocol/residue-report.ts";

/** Takes the findings that a waiver covers out of those that count; the first waiver that fits has it. */
export function applyWaivers(
  findings: readonly Finding[],
  waivers: readonly Waiver[],
): { readonly counting: Finding[]; readonly uses: WaiverUse[] } {
  const uses = waivers.map((waiver) => ({ ...waiver, findings: [] as Finding[] }));
  const patterns = waivers.map((waiver) => patternOf(waiver.finding));
  const counting = findings.filter((finding) => {
    const use = uses[patterns.findIndex((pattern) => pattern.test(finding.id))];
    use?.findings.push(finding);
    return use === undefined;
  });
  return { counting, uses };
}

function patternOf(text: string): RegExp {
  const parts = text.split(/(\*\*|\*)/).map((part) => {
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : RegExp.escape(part);
  });
  return new RegExp(`^${parts.join("")}$`, "s");
}
