import { describe, expect, it } from "vitest";

import { recordedFiles } from "../../testing/recorded-files.ts";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { collectContainers } from "./containers.ts";

describe("containers", () => {
  it("are told with images and volumes, as the engines keep them, of the host and of users", () => {
    const id = "a".repeat(64);
    const root = recordedFiles({
      "etc/passwd": "ann:x:7:7::/home/ann:/bin/sh\n",
      [`var/lib/docker/containers/${id}/config.v2.json`]: '{"Name":"/web"}',
      [`var/lib/docker/image/overlay2/imagedb/content/sha256/${id}`]: "{}",
      "var/lib/docker/volumes/data/_data/x": "",
      "var/lib/docker/volumes/metadata.db": "",
      "home/ann/.local/share/containers/storage/volumes/own/_data/x": "",
      "var/lib/lxc/box/config": "",
    });
    const { facts, unseen } = collectContainers(root);
    expect(facts.map(({ subject }) => subject)).toEqual([
      `container web (${id.slice(0, 12)}) of docker`,
      `image ${id.slice(0, 12)} of docker`,
      "volume data of docker",
      "volume own of podman",
      "container of LXC box",
    ]);
    expect(unseen).toEqual([]);
  });

  it("are none without engines, and those of containerd are not taken for none", () => {
    expect(collectContainers(temporaryDirectory())).toEqual({ facts: [], unseen: [] });
    const root = recordedFiles({ "var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db": "" });
    expect(collectContainers(root).unseen).toHaveLength(1);
  });
});
