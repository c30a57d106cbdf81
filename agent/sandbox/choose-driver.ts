import { UsageError } from "../../foundation/errors.ts";
import type { JobNetwork } from "./bubblewrap-enclosure.ts";
import { bubblewrapDriver } from "./bubblewrap-driver.ts";
import { probeBubblewrap } from "./bubblewrap-probe.ts";
import type { JobDriverOptions } from "./job-driver.ts";
import type { SandboxDriver } from "./port.ts";
import { processDriver } from "./process-driver.ts";

/** How the donor wants jobs confined; null where they said nothing. */
export interface SandboxWish {
  /** `auto` takes the strongest that works here. */
  readonly driver: "auto" | "bubblewrap" | "process";
  readonly network: JobNetwork | null;
  /** What enclosed jobs may read beside this host's programs and settings: absolute paths. */
  readonly read: readonly string[];
}

/**
 * The driver that the donor asked for, or the strongest that works here: tried by running a program in it.
 *
 * @throws UsageError `no-bubblewrap`, `no-job-network` when it does not work here; nothing is held then
 */
export async function chooseDriver({
  wish,
  home,
  ...options
}: JobDriverOptions & {
  readonly wish: SandboxWish;
  /** The agent's home: jobs see nothing of it but their own workspace. */
  readonly home: string;
}): Promise<SandboxDriver> {
  if (wish.driver === "process") {
    requireNetwork(wish, "--sandbox process confines processes only");
    return processDriver(options);
  }
  const { environment = process.env } = options;
  const network = wish.network ?? "none";
  const found = await probeBubblewrap({ environment, network, hidden: [home], read: wish.read, workspace: home });
  if (found.works) return bubblewrapDriver({ ...options, ...found.options });
  if (wish.driver === "bubblewrap") {
    throw new UsageError(`Jobs cannot be run by bubblewrap here: ${found.why}.`, {
      code: "no-bubblewrap",
      next: "Install it (on Debian: apt-get install bubblewrap) and allow user namespaces, or join with --sandbox process.",
    });
  }
  requireNetwork(wish, `bubblewrap does not work here (${found.why})`);
  const driver = processDriver(options);
  return {
    ...driver,
    cannot: [`Jobs are not enclosed, because bubblewrap does not work here: ${found.why}.`, ...driver.cannot],
  };
}

/** Who asked for jobs without a network must not get them with one. */
function requireNetwork({ network }: SandboxWish, why: string): void {
  if (network !== "none") return;
  throw new UsageError(`Jobs cannot be kept from this host's network: ${why}.`, {
    code: "no-job-network",
    next: "Join with --sandbox bubblewrap where that works, or with --job-network host.",
  });
}
