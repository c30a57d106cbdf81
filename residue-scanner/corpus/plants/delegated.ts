import type { CorpusSection } from "../item.ts";

/** What others do because the job asked them to: no process of it descends from the job. */
export const delegatedPlants: CorpusSection = {
  surface: "work left to others",
  items: [
    {
      name: "request",
      what: "a file that a service of somebody else wrote because the job asked it to, through a pipe",
      before: String.raw`mkfifo "$D/ask"; tool c-service; daemon c-service serve "$D/ask" "$D/asked-for"`,
      act: String.raw`printf x > "$D/ask"; wait_for "$D/asked-for"`,
      undo: String.raw`rm -f "$D/ask" "$D/asked-for"`,
      traces: [{ text: "$D/asked-for" }],
    },
    {
      name: "cron-job",
      what: "a file that cron wrote because the job told it to, in cron.d",
      slow: true,
      before: "start_cron",
      act: String.raw`echo "* * * * * root echo left > $D/by-cron" > "/etc/cron.d/$T-run"; wait_for "$D/by-cron"`,
      undo: String.raw`rm -f "/etc/cron.d/$T-run" "$D/by-cron"; forget_cron`,
      traces: [{ text: "$D/by-cron" }],
    },
  ],
};
