/** These write a text to one place. */
export const textReporterNames = ["line", "list", "json", "junit", "markdown", "github", "sarif"] as const;
export type TextReporterName = (typeof textReporterNames)[number];
export const reporterNames = [...textReporterNames, "html"] as const;
export type ReporterName = (typeof reporterNames)[number];
