import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { shellPath } from "../../core/path-text.ts";
import type { OpenFiles } from "../open-files.ts";

const memoryPrefix = "/memfd:";

/**
 * Files without a name that a process keeps: deleted ones take room on a disk, memfds (memfd_create(2)) in memory; and
 * who has a graphics processor open, which keeps memory of that.
 */
export function collectOpenFiles({
  nameless,
  devices,
  closed,
}: Pick<OpenFiles, "nameless" | "devices" | "closed">): ListedReading {
  const files = [...nameless].map(([identity, { path, link, pids, stats }]): ListedFact => {
    const isMemory = path.startsWith(memoryPrefix);
    const what = isMemory ? `memory file ${path.slice(memoryPrefix.length)}` : `deleted file ${path}`;
    return {
      key: `${path} ${identity}`,
      subject: `${what}, open, ${stats.size} bytes`,
      location: link,
      uid: stats.uid,
      // Its size moves with every write of its holder.
      attributes: { path, identity, permissions: (stats.mode & 0o7777).toString(8) },
      holders: pids,
      show: isMemory ? `ls -l ${link}` : `ls -l /proc/[0-9]*/fd | grep -F -- ${shellPath(path)}`,
    };
  });
  const contexts = devices.map(
    ({ path, pid, link }): ListedFact => ({
      key: `${path} of ${pid}`,
      subject: `device ${path}, open in process ${pid}`,
      location: link,
      uid: null,
      attributes: { path },
      holders: [pid],
      show: `fuser -v ${shellPath(path)}`,
    }),
  );
  return {
    facts: [...files, ...contexts],
    unseen: closed === 0 ? [] : [`${closed} processes of other users do not show which files they have open`],
  };
}
