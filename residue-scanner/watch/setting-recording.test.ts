import { describe, expect, it } from "vitest";

import { Lineage } from "../core/lineage.ts";
import { SettingRecording } from "./setting-recording.ts";

const [ours, theirs, reused] = [10, 11, 20];
const setting = "/proc/sys/kernel/printk_ratelimit_burst";

/** Parents of those who wrote to a setting, the second with a pid that one of the first's had had until then. */
function writers({ isEmpty }: { isEmpty: boolean }) {
  const lineage = new Lineage({ wallMs: (ns) => ns, processesMax: 1000, idleEndedMax: 100 });
  for (const pid of [ours, theirs]) lineage.wasThere(pid, null, 100);
  lineage.listedNs = 100;
  let waiting = 0;
  const group = { read: () => [{ pid: waiting, path: setting, mayBeNew: false }], isEmpty: () => isEmpty };
  const recording = new SettingRecording(
    group as unknown as ConstructorParameters<typeof SettingRecording>[0],
    lineage,
  );
  const write = (pid: number, atNs: number) => {
    waiting = pid;
    recording.takeIn(
      () => ({ ns: atNs, ms: atNs }),
      () => undefined,
    );
  };
  lineage.fork({ parent: ours, pid: reused, thread: reused, atNs: 110 });
  lineage.exit({ pid: reused, thread: reused, atNs: 120 });
  write(theirs, 125);
  lineage.fork({ parent: theirs, pid: reused, thread: reused, atNs: 130 });
  write(reused, 140);
  const parents = recording.touchesOf(setting).map(({ by }) => lineage.processes().get(lineage.parentOf(by) ?? 0)?.pid);
  return { parents, doubts: lineage.ambiguous };
}

describe("of two who had a pid one after the other, whoever wrote to a setting", () => {
  it("is the second one where nothing waited when the first one had ended", () => {
    expect(writers({ isEmpty: true })).toEqual({ parents: [undefined, theirs], doubts: 0 });
  });

  it("is doubted where more waited", () => {
    expect(writers({ isEmpty: false })).toEqual({ parents: [undefined, ours], doubts: 1 });
  });
});
