import type { PlantedBug } from "../planted-bug.ts";

export default {
  name: "duplicate-and-reordered-events--names-no-last",
  onHost: true,
  breaks: "EG-1",
  why: "Whoever connects anew does not say which event it saw last, because the broker knows what it has sent.",
  patches: [
    {
      file: "agent/io/event-stream.ts",
      find: 'lastEventId === "" ? {} : { "last-event-id": lastEventId };',
      replace: "{};",
    },
  ],
} satisfies PlantedBug;
