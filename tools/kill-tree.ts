import psList from "ps-list";

/**
 * Kills a process and whatever came from it, as far as the parents are still there: the others have another parent now.
 */
export async function killTree(pid: number): Promise<void> {
  const processes = await psList();
  const tree = new Set([pid]);
  // A set goes on to what is added while it is gone through.
  for (const parent of tree) {
    for (const { pid: child, ppid } of processes) if (ppid === parent) tree.add(child);
  }
  for (const each of tree) {
    try {
      process.kill(each, "SIGKILL");
    } catch {
      // It ended meanwhile.
    }
  }
}
