import { describe, expect, it } from "vitest";

import { delegateFamilyOf, isClientOf } from "./delegates.ts";

const named = (name: string, commandLine = name) => ({ name, commandLine });

describe("who starts things at others' request, and who asks", () => {
  it.each([
    ["atd", "at", "at"],
    ["atd", "at", "batch"],
    ["systemd", "service manager", "systemd-run"],
    ["dockerd", "containers", "docker"],
    ["tmux: server", "terminals", "tmux"],
  ])("%s is of the family %s, which %s asks", (daemon, family, client) => {
    const found = delegateFamilyOf(named(daemon));
    expect(found?.family).toBe(family);
    expect(found !== null && isClientOf(found, named(client))).toBe(true);
  });

  it("at(1) is no daemon: what it puts into the spool is a request", () => {
    expect(delegateFamilyOf(named("at"))).toBeNull();
  });

  it("start-stop-daemon(8) is none either: it starts what whoever calls it says, and ends", () => {
    expect(delegateFamilyOf(named("start-stop-daemon"))).toBeNull();
  });
});
