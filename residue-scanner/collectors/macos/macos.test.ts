import { describe, expect, it } from "vitest";

import { recordedFiles } from "../../testing/recorded-files.ts";
import { collectLaunchd, parseLoaded } from "./launchd.ts";
import { parseLsof } from "./listeners.ts";

describe("on macOS, sockets by what lsof tells", () => {
  const output = `p501
cmDNSResponder
u65
f5
tIPv4
PUDP
n*:5353
f6
tIPv6
PTCP
n[::1]:8021
TST=LISTEN
TQR=0
p777
cnode
u501
f21
tIPv6
PTCP
n[::1]:8021
TST=LISTEN
f22
tIPv4
PTCP
n127.0.0.1:50000->127.0.0.1:8021
TST=ESTABLISHED
`;

  it("are told once each, with all who hold them", () => {
    expect(parseLsof(output).map(({ key, owners, uid }) => [key, owners, uid])).toEqual([
      ["udp *:5353 bound", [501], 65],
      ["tcp6 [::1]:8021 listening", [501, 777], 501],
      ["tcp 127.0.0.1:50000 to 127.0.0.1:8021 connected", [777], 501],
    ]);
  });

  it("are told the same in every reading, and none where it tells none", () => {
    expect(parseLsof(output)).toEqual(parseLsof(output));
    expect(parseLsof("")).toEqual([]);
  });
});

describe("on macOS, what launchd starts", () => {
  const loaded = "PID\tStatus\tLabel\n-\t0\tcom.apple.x\n812\t-9\tcom.left.agent\n";

  it("is told by its files and by its labels, without what moves by itself", () => {
    const root = recordedFiles({
      "Library/LaunchDaemons/com.left.plist": "<plist/>",
      "Users/ann/Library/LaunchAgents/own.plist": "<plist/>",
    });
    const { facts, unseen } = collectLaunchd({ root, readLoaded: () => loaded });
    expect(facts.map(({ location }) => location.replace(root, ""))).toEqual([
      "/Library/LaunchDaemons/com.left.plist",
      "/Users/ann/Library/LaunchAgents/own.plist",
      "com.apple.x",
      "com.left.agent",
    ]);
    expect(unseen).toEqual([]);
    expect(parseLoaded(loaded.replace("812\t-9", "-\t0"))).toEqual(parseLoaded(loaded));
  });

  it("is not taken for nothing where launchctl fails", () => {
    const readLoaded = () => {
      throw new Error("no such command");
    };
    expect(collectLaunchd({ root: recordedFiles({}), readLoaded }).unseen).toEqual([
      "launchctl list failed: no such command",
    ]);
  });
});
