import { chmodSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { recordedFiles } from "../../testing/recorded-files.ts";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { collectKnobs } from "./knobs.ts";

describe("settings below /sys", () => {
  it("are those that can be set, of disks, memory, processors and modules", () => {
    const root = recordedFiles({
      "block/vda/queue/scheduler": "[none] bfq\n",
      "block/vda/queue/hw_sector_size": "512\n",
      "kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
      "kernel/mm/ksm/pages_shared": "7\n",
      "devices/system/cpu/cpu0/online": "1\n",
      "module/printk/parameters/time": "Y\n",
      "module/printk/refcnt": "0\n",
      "fs/btrfs/1b/commit_stats": "commits 7\n",
    });
    chmodSync(join(root, "kernel/mm/ksm/pages_shared"), 0o444);
    const { facts, unseen } = collectKnobs(root, temporaryDirectory());
    expect(facts.map(({ key, attributes }) => `${key.slice(root.length)}=${String(attributes["value"])}`)).toEqual([
      "/block/vda/queue/scheduler=[none] bfq",
      "/kernel/mm/transparent_hugepage/enabled=always [madvise] never",
      "/devices/system/cpu/cpu0/online=1",
      "/module/printk/parameters/time=Y",
    ]);
    expect(unseen).toEqual([]);
  });

  it("are not seen where /sys shows nothing, which is not that there are none", () => {
    const { facts, unseen } = collectKnobs(temporaryDirectory(), temporaryDirectory());
    expect(facts).toEqual([]);
    expect(unseen).toHaveLength(1);
  });
});
