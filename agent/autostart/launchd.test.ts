import { expect, test } from "vitest";

import { autostartContract, plainHook } from "./autostart.contract.ts";
import type { Hook } from "./hook.ts";
import { Launchd } from "./launchd.ts";
import { TreeBed } from "./testing/tree-bed.ts";

class LaunchdBed extends TreeBed {
  make(hook: Hook): Launchd {
    return new Launchd({ hook, userHome: this.userHome, platform: "darwin" });
  }

  started(): string[] {
    const list = this.read(`Library/LaunchAgents/${plainHook.name}.plist`);
    const [, inside = ""] = /<array>([^]*)<\/array>/.exec(list) ?? [];
    return [...inside.matchAll(/<string>([^<]*)<\/string>/g)].map(([, text = ""]) =>
      text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"),
    );
  }
}

autostartContract({
  name: "launchd",
  makeBed: () => new LaunchdBed(),
  situations: [
    { name: "no agents of others", prepare: () => undefined },
    { name: "agents of others", prepare: (bed) => bed.write("Library/LaunchAgents/org.example.plist", "<plist/>") },
  ],
});

test("the property list has its label from its file's name, and starts the agent as soon as it is loaded", async () => {
  const bed = new LaunchdBed();
  const autostart = bed.make(plainHook);
  await autostart.install(await autostart.resources());
  const list = bed.read(`Library/LaunchAgents/${plainHook.name}.plist`);
  expect(list).toContain(`<key>Label</key>\n  <string>${plainHook.name}</string>`);
  expect(list).toContain("<key>RunAtLoad</key>\n  <true/>");
  expect(list).not.toContain("KeepAlive");
  expect(autostart.cannot).toEqual([]);
});

test("elsewhere than on macOS it says that it starts nothing", () => {
  const { userHome } = new LaunchdBed();
  expect(new Launchd({ hook: plainHook, userHome, platform: "linux" }).cannot).toHaveLength(1);
});
