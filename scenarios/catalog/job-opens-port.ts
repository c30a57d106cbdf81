import { outsideScenario } from "./outside-scenario.ts";

/** WC-4, WC-12. */
export const jobOpensPort = outsideScenario({
  behaviour: "opens-port",
  leaves: 0,
  name: "job-opens-port",
  title:
    "a job listens on a port: from an enclosure nobody on the host reaches it, and elsewhere it closes with the job",
  description:
    "A job listens on a port of the loopback interface. In its enclosure that is an interface of its own, and the host's " +
    "port stays closed. Under the driver that confines processes only it answers while the job works, and is closed when " +
    "its donor has withdrawn.",
  requirements: ["WC-4", "WC-12"],
  tags: ["hostile", "network"],
});
