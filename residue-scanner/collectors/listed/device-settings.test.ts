import { chmodSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { recordedFiles } from "../../testing/recorded-files.ts";
import { collectDeviceSettings } from "./device-settings.ts";

describe("settings of devices and of the kernel's own memory", () => {
  it("are files of one value that may be written and read, whatever lies above them", () => {
    const wanted = { "devices/virtual/tty/tty0/power/control": "auto\n", "kernel/slab/:t-192/min_partial": "5\n" };
    const others = {
      "kernel/slab/:t-192/object_size": "192\n",
      "kernel/slab/:t-192/shrink": "",
      "devices/pci/0/config": "binary",
      "devices/pci/0/net/eth0/mtu": "1500\n",
      "devices/pci/0/hwmon0/pwm1": "7\n",
      "module/printk/parameters/time": "Y\n",
    };
    const root = recordedFiles({ ...wanted, ...others });
    chmodSync(join(root, "kernel/slab/:t-192/object_size"), 0o444);
    symlinkSync(":t-192", join(root, "kernel/slab/dentry"));
    // The kernel says a page of each that holds one value.
    for (const path of Object.keys({ ...wanted, ...others })) truncateSync(join(root, path), 4_096);
    const facts = collectDeviceSettings(root);
    expect(facts.map(({ location }) => location.slice(root.length + 1)).sort()).toEqual(Object.keys(wanted).sort());
    expect(facts.every(({ movesInUse }) => movesInUse?.includes("value") === true)).toBe(true);
  });
});
