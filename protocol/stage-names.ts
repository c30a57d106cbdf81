/** Where a scenario can be played: real processes here, real processes each in a network of its own, virtual time. */
export const stageNames = ["host", "netns", "sim"] as const;
