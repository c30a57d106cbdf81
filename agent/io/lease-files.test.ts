import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import type { HostResource } from "../host-resource.ts";
import { temporaryHome } from "../testing/temporary-home.ts";
import { FileHostLedger } from "./host-ledger.ts";
import { LeaseFiles } from "./lease-files.ts";

const directory = (path: string): HostResource => ({ kind: "directory", path });

/** A home in which an earlier instance has left what these leases had; `gone` was killed before it struck it off. */
function leftBehind({ sandboxes, checkpoints, gone }: Record<"sandboxes" | "checkpoints" | "gone", string[]>) {
  const paths = temporaryHome();
  mkdirSync(paths.home, { recursive: true });
  const ledger = new FileHostLedger(paths.ledger);
  const there = [
    ...sandboxes.map((leaseId) => join(paths.sandboxes, leaseId)),
    ...checkpoints.map((leaseId) => join(paths.checkpoints, leaseId)),
  ];
  ledger.acquire(directory(paths.home));
  for (const path of there) {
    ledger.acquire(directory(path));
    mkdirSync(path, { recursive: true });
  }
  for (const leaseId of gone) {
    ledger.acquire(directory(join(paths.sandboxes, leaseId)));
    ledger.acquire(directory(join(paths.checkpoints, leaseId)));
  }
  return { paths, ledger, files: new LeaseFiles(paths, ledger) };
}

test("what an earlier instance left is wiped and struck off, but for the checkpoints of leases that it held", async () => {
  const { paths, ledger, files } = leftBehind({ sandboxes: ["one", "two"], checkpoints: ["one", "two"], gone: [] });
  await files.wipeLeftovers(["two"]);
  const kept = join(paths.checkpoints, "two");
  expect(ledger.live()).toEqual([directory(paths.home), directory(kept)]);
  expect([
    existsSync(kept),
    existsSync(join(paths.sandboxes, "two")),
    existsSync(join(paths.checkpoints, "one")),
  ]).toEqual([true, false, false]);
});

test("what was gone when it was killed, and not struck off yet, is struck off too", async () => {
  const { paths, ledger, files } = leftBehind({ sandboxes: ["one"], checkpoints: [], gone: ["three"] });
  await files.wipeLeftovers([]);
  expect(ledger.live()).toEqual([directory(paths.home)]);
});
