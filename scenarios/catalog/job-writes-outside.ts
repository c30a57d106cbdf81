import { outsideScenario } from "./outside-scenario.ts";

/** WC-8, WC-12, US-2. */
export const jobWritesOutside = outsideScenario({
  behaviour: "writes-outside",
  leaves: 3,
  name: "job-writes-outside",
  title: "a job writes files outside its directory: an enclosure has none of it, and elsewhere the scanner finds them",
  description:
    "A job writes files into /tmp, /var/tmp and /dev/shm. From its enclosure none of them comes to be on the host. Under " +
    "the driver that confines processes only each of them does, and the residue scanner finds each and says whose it is.",
  requirements: ["WC-8", "WC-12", "US-2"],
  tags: ["hostile", "residue"],
});
