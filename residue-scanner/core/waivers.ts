import type { Finding, Waiver, WaiverUse } from "../../protocol/residue-report.ts";

/** Takes the findings that a waiver covers out of those that count; the first waiver that fits has it. */
export function applyWaivers(
  findings: readonly Finding[],
  waivers: readonly Waiver[],
): { readonly counting: Finding[]; readonly uses: WaiverUse[] } {
  const uses = waivers.map((waiver) => ({
    use: { ...waiver, findings: [] as Finding[] },
    pattern: patternOf(waiver.finding),
  }));
  const counting = findings.filter((finding) => {
    const covering = uses.find(({ pattern }) => pattern.test(finding.id));
    covering?.use.findings.push(finding);
    return covering === undefined;
  });
  return { counting, uses: uses.map(({ use }) => use) };
}

function patternOf(text: string): RegExp {
  const parts = text.split(/(\*\*|\*)/).map((part) => {
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : RegExp.escape(part);
  });
  return new RegExp(`^${parts.join("")}$`, "s");
}
