import type { Finding } from "../../protocol/residue-report.ts";

/** A surface, a folder, or a finding. */
export interface ResidueNode {
  /** Unique in its tree. */
  readonly key: string;
  readonly label: string;
  readonly finding: Finding | undefined;
  /** How many findings are at it and below it. */
  count: number;
  readonly children: ResidueNode[];
}

/**
 * Findings by surface; those that are at a path, by folder. Folders that hold one thing alone are one row with it, so that
 * a deep path is no staircase.
 */
export function residueTree(findings: readonly Finding[]): ResidueNode[] {
  const surfaces = new Map<string, ResidueNode>();
  for (const finding of findings) {
    const surface = surfaces.get(finding.surface) ?? nodeOf(finding.surface, finding.surface);
    surfaces.set(finding.surface, surface);
    place(surface, finding);
  }
  return [...surfaces.values()].map(folded);
}

/** A row of the tree as it is shown. */
export interface TreeRow {
  readonly node: ResidueNode;
  readonly depth: number;
}

/** The rows that are open, from top to bottom. */
export function openRows(nodes: readonly ResidueNode[], closed: ReadonlySet<string>, depth = 0): TreeRow[] {
  return nodes.flatMap((node) => [
    { node, depth },
    ...(closed.has(node.key) ? [] : openRows(node.children, closed, depth + 1)),
  ]);
}

function place(surface: ResidueNode, finding: Finding): void {
  const { location } = finding;
  const parts = location.startsWith("/") && finding.surface === "files" ? location.split("/").slice(1) : [];
  let at = surface;
  at.count += 1;
  for (const part of parts.slice(0, -1)) {
    const key = `${at.key}/${part}`;
    const known = at.children.find((child) => child.key === key && child.finding === undefined);
    const folder = known ?? nodeOf(key, `/${part}`);
    if (known === undefined) at.children.push(folder);
    folder.count += 1;
    at = folder;
  }
  const last = parts.at(-1);
  at.children.push({
    // Ids are not trusted to differ.
    key: `${at.key}#${at.children.length}`,
    label: last === undefined ? finding.subject : `/${last}`,
    finding,
    count: 1,
    children: [],
  });
}

function folded(node: ResidueNode): ResidueNode {
  const children = node.children.map(folded);
  const [only] = children;
  const isFolder = node.finding === undefined && node.key.includes("/");
  if (isFolder && only !== undefined && children.length === 1) return { ...only, label: `${node.label}${only.label}` };
  return { ...node, children };
}

function nodeOf(key: string, label: string): ResidueNode {
  return { key, label, finding: undefined, count: 0, children: [] };
}
