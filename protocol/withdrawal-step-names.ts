/** The steps of a withdrawal, in their order. */
export const withdrawalStepNames = [
  "stop-intake",
  "freeze",
  "checkpoint",
  "terminate",
  "hand-back",
  "revoke-key",
  "remove-autostart",
  "close-sockets",
  "wipe-directories",
  "clear-ledger",
] as const;
