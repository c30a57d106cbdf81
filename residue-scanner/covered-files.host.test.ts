import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { ResidueReport } from "../protocol/residue-report.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

const launcher = join(import.meta.dirname, "../bin/residue.mjs");
/** Mounts are made in a namespace that ends with the shell, and with it they do. */
const inNamespace = (script: string, ...parameters: readonly string[]) =>
  spawnSync("unshare", ["--mount", "bash", "-ec", script, "bash", ...parameters], { encoding: "utf8" });
const canMount = inNamespace("mount -t tmpfs none /mnt").status === 0;

/** The files that a command left below a root, each with its finding. */
function leftBy(command: string, root: string) {
  const run = `"$1" "$2" run --json --root "$3" -- bash -ec "$4"`;
  const setUp = 'mount -t tmpfs none "$3/mounted"';
  const { stdout, stderr } = inNamespace(`${setUp}; ${run} || true`, process.execPath, launcher, root, command);
  expect(stdout, stderr).toContain("{\n");
  const report = ResidueReport.parse(JSON.parse(stdout.slice(stdout.indexOf("{\n"))));
  return report.findings.filter(({ surface }) => surface === "files");
}

function rootWithMountPoint(): string {
  const root = temporaryDirectory();
  mkdirSync(join(root, "mounted/deep"), { recursive: true });
  writeFileSync(join(root, "mounted/deep/was-there"), "");
  return root;
}

describe.skipIf(!canMount)("files under a mount (skipped where nothing may be mounted)", () => {
  it("are no finding when nobody touched them, and one when somebody did who went around the mount", () => {
    const root = rootWithMountPoint();
    expect(leftBy("true", root)).toEqual([]);
    const around = `cd ${root}; unshare --mount bash -ec 'umount mounted; echo x > mounted/deep/left; rm mounted/deep/was-there'`;
    const found = leftBy(around, root).map(({ change, location }) => `${change} ${location}`);
    expect(found.sort()).toEqual([
      `appeared ${root}/mounted/deep/left (under the mount at ${root}/mounted)`,
      `vanished ${root}/mounted/deep/was-there (under the mount at ${root}/mounted)`,
    ]);
  });

  it("are found when a command mounts something over what it left, with a command that shows them", () => {
    const root = rootWithMountPoint();
    const hide = `cd ${root}; mkdir new; echo secret > new/left; mount -t tmpfs none new`;
    const found = leftBy(hide, root);
    expect(found.map(({ location }) => location).sort()).toEqual([
      `${root}/new`,
      `${root}/new/left (under the mount at ${root}/new)`,
    ]);
    const left = found.find(({ location }) => location.includes("left"));
    expect(left?.show).toBe(`unshare --mount sh -c 'umount -l ${root}/new && stat ${root}/new/left'`);
    expect(left?.after).toMatchObject({ contentUnread: "a mount covers it" });
    const setUp = `cd ${root}; mkdir again; echo secret > again/left; mount -t tmpfs none again`;
    const command = left?.show.replaceAll(`${root}/new`, `${root}/again`) ?? "";
    const { stdout, stderr } = inNamespace(`${setUp}; ${command}; ls -A again`);
    expect(stdout, stderr).toContain(`File: ${root}/again/left`);
    expect(stdout).not.toMatch(/^left$/m);
  });

  it("are told once where a directory is bound onto itself, as what they are without that", () => {
    const root = rootWithMountPoint();
    const bind = `cd ${root}; mkdir self; mount --bind self self; echo x > self/left; echo y > mounted/left`;
    expect(
      leftBy(bind, root)
        .map(({ location }) => location)
        .sort(),
    ).toEqual([`${root}/mounted/left`, `${root}/self`]);
  });
});
