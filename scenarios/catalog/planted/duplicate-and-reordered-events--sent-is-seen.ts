import type { PlantedBug } from "../planted-bug.ts";

export default {
  name: "duplicate-and-reordered-events--sent-is-seen",
  onHost: true,
  breaks: "EG-1",
  why: "What was handed to a stream is not said again to the next, whatever that names as the last that it saw.",
  patches: [
    {
      file: "broker-sim/io/event-hub.ts",
      find: "    this.#deliver(agent, this.#seenThrough(agent, lastEventId));",
      replace: "    this.#deliver(agent, Math.max(agent.deliveredThrough, this.#seenThrough(agent, lastEventId)));",
    },
  ],
} satisfies PlantedBug;
