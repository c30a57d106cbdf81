export const reporterNames = ["line", "list", "json", "junit", "markdown", "github"] as const;
export type ReporterName = (typeof reporterNames)[number];
