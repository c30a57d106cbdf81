import type { PlantedBug } from "../planted-bug.ts";

export default {
  name: "withdraw-crash-at-every-step--group-found",
  onHost: true,
  breaks: "I7",
  why: "A control group that was there when the agent came is taken for the host's own, and stays.",
  patches: [
    {
      file: "agent/sandbox/job-cgroups.ts",
      find: "  return cgroupsBelow({ path, ledger, limits });",
      replace: `  const below = cgroupsBelow({ path, ledger, limits });
  const strikeOff = () => {
    if (ledger.live().some((one) => resourceKey(one) === resourceKey(parent))) ledger.release(resourceKey(parent));
    return true;
  };
  return taken.made ? below : { ...below, close: strikeOff };`,
    },
  ],
} satisfies PlantedBug;
