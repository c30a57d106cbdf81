const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of up to `width` columns, drawn to an eighth of a column; a share above nothing is never drawn as nothing. */
export function shareBar(ratio: number, width: number): string {
  const parts = Math.round(Math.min(1, Math.max(0, ratio)) * width * 8);
  const drawn = ratio > 0 ? Math.max(1, parts) : parts;
  return "█".repeat(Math.floor(drawn / 8)) + (eighths[drawn % 8] ?? "");
}
