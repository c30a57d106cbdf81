import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it } from "vitest";

import { storeServerMissing } from "../../needs/store-server.ts";
import { UndoLedger } from "../../undo/undo-ledger.ts";
import type { HostStage } from "./host-stage.ts";
import { startStore } from "./start-store.ts";

async function ask(url: string, command: string): Promise<string> {
  const client = connect(url.slice("redis+unix://".length));
  client.write(`${command}\r\n`);
  const [bytes] = (await once(client, "data")) as [Buffer];
  client.destroy();
  return bytes.toString().trim();
}

it.skipIf(storeServerMissing() !== null)(
  "keeps what it was told over a kill, and is started once (needs redis-server)",
  async () => {
    const place = mkdtempSync(join(tmpdir(), "store-"));
    const ledger = UndoLedger.open(join(place, "undo.jsonl"));
    const history = join(place, "history.jsonl");
    // What of a stage the store has to do with.
    const stage = {
      place,
      storeServer: undefined,
      schedule: { signal: new AbortController().signal },
      see: () => undefined,
      options: { id: "store-test", ledger, directory: { history, logs: place } },
    } as unknown as HostStage;
    try {
      const url = await startStore(stage);
      expect(await ask(url, "SET job-1 leased")).toBe("+OK");
      const first = stage.storeServer;
      expect([await startStore(stage), stage.storeServer]).toEqual([url, first]);
      first?.kill("SIGKILL");
      await first?.exited;
      await startStore(stage);
      expect(await ask(url, "GET job-1")).toBe("$6\r\nleased");
      expect(ledger.open.map(({ undo }) => undo)).toEqual(["remove-directory", "kill-process", "kill-process"]);
    } finally {
      await ledger.undoAll();
      ledger.close();
      rmSync(place, { recursive: true, force: true });
    }
  },
);
