import { type FileFact, fileFactAt } from "./file-fact.ts";
import { blockAt, entryName, firstEntry, nextEntry, rootsPath, type Tree } from "./packed-tree.ts";

/** Looks up directories of a tree by path (one character a byte); null for one that was not read. */
export function directoryFacts(tree: Tree): (path: string) => FileFact | null {
  const known = new Map<string, FileFact | null>();
  return (path) => {
    const earlier = known.get(path);
    if (earlier !== undefined) return earlier;
    const slash = path.lastIndexOf("/");
    const fact =
      entryIn(tree, { directory: rootsPath, name: path }) ??
      entryIn(tree, { directory: path.slice(0, slash) || "/", name: path.slice(slash + 1) });
    known.set(path, fact);
    return fact;
  };
}

function entryIn(tree: Tree, { directory, name }: { directory: string; name: string }): FileFact | null {
  const block = blockAt(tree, directory);
  if (block === undefined) return null;
  for (let entry = firstEntry(block); entry < block.end; entry = nextEntry(block, entry)) {
    if (entryName(block, entry) === name) return fileFactAt({ block, entry });
  }
  return null;
}
