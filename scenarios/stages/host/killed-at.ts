import { FileHostLedger } from "../../../agent/io/host-ledger.ts";

interface Note {
  readonly key: string;
  readonly value: { readonly current?: string } | null;
}

/** Names the step of the withdrawal at whose note in the journal the process is killed. */
export const killedAtVariable = "HOUSEGUEST_KILLED_AT";

/**
 * Loaded into an agent's process before its program (`node --import`): the kernel kills it right after that step is on
 * its disk, and before anything of it is done. The agent knows nothing of that.
 */
const at = process.env[killedAtVariable];
if (at !== undefined) {
  // Its jobs, and the agents that take part in its own tests, are not to be hit.
  delete process.env[killedAtVariable];
  const remember = Reflect.get(FileHostLedger.prototype, "remember") as (this: FileHostLedger, note: Note) => void;
  Reflect.set(FileHostLedger.prototype, "remember", function (this: FileHostLedger, note: Note) {
    remember.call(this, note);
    const { key, value } = note;
    if (key === "withdrawal" && value?.current === at) process.kill(process.pid, "SIGKILL");
  });
}
