import { outsideScenario } from "./outside-scenario.ts";

/** WC-4, WC-8, US-2. */
export const jobEditsCrontab = outsideScenario({
  behaviour: "edits-crontab",
  leaves: 1,
  needs: ["crontab"],
  hurts: "A line that does nothing, once a year, in this user's crontab, for seconds; only where there is none yet.",
  hostWide: true,
  name: "job-edits-crontab",
  title: "a job edits its user's crontab: an enclosure has none of it, and elsewhere the scanner finds the line",
  description:
    "A job puts a line into the crontab of the user that it runs as. From its enclosure it comes to nothing. Under the " +
    "driver that confines processes only the line is there, and the residue scanner finds it and says whose it is.",
  requirements: ["WC-4", "WC-8", "WC-12", "US-2"],
  tags: ["hostile", "residue"],
});
