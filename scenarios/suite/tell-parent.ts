/** Says a last thing to the process that started this one, if it is still there, and closes the channel to it. */
export async function tellParent(message: object): Promise<void> {
  if (!process.connected) return;
  // What has not left yet would go with the channel: a verdict with hundreds of findings is more than a pipe holds.
  await new Promise<void>((resolve) => {
    process.send?.(message, undefined, undefined, () => resolve());
  });
  if (process.connected) process.disconnect();
}
