import type { CorpusItem, CorpusSection } from "../item.ts";

/** A service of somebody else's that was there before, which the job has do something. */
function asked(options: {
  name: string;
  what: string;
  serve: string;
  ask: string;
  left?: string;
  undo?: string;
  text?: string;
}): CorpusItem {
  const { name, what, serve, ask, left = "wait_for $D/asked-for", undo = ":", text = "$D/asked-for" } = options;
  return {
    ...{ name, what, needs: ["pgrep"] },
    before: `tool ${name}; kernel_daemon ${name} ${serve}`,
    act: `${ask}; ${left}`,
    undo: `rm -f "$D/asked-for" "$D/door"; ${undo}`,
    traces: [{ text }],
  };
}

/** What services do that are asked without a file. */
export const askedServicePlants: CorpusSection = {
  surface: "work left to others, further",
  items: [
    asked({
      name: "g-by-socket",
      what: "a file that a service wrote because the job asked it to, through a unix socket",
      serve: 'serve-guests unix "$D/door" write "$D/asked-for"',
      ask: 'kernel ask-guest unix "$D/door"',
    }),
    asked({
      name: "g-by-abstract",
      what: "a file that a service wrote because the job asked it to, through an abstract socket",
      serve: 'serve-guests abstract "$T-g-door" write "$D/asked-for"',
      ask: 'kernel ask-guest abstract "$T-g-door"',
    }),
    asked({
      name: "g-by-port",
      what: "a file that a service wrote because the job asked it to, through a TCP port",
      serve: 'serve-guests tcp "$A.91:4711" write "$D/asked-for"',
      ask: 'kernel ask-guest tcp "$A.91:4711"',
    }),
    asked({
      name: "g-by-signal",
      what: "a file that a service wrote because the job sent it a signal",
      serve: 'serve-signals "$D/asked-for" USR1',
      ask: 'kill -USR1 "$(pid_of g-by-signal)"',
    }),
    asked({
      name: "g-by-spool",
      what: "a file that a service wrote because the job put an order into its spool, which it took away",
      serve: 'serve-spool "$D" "$D.asked-for"',
      ask: 'echo order > "$D/order"; wait_for "$D.asked-for"',
      ...{ left: ":", text: "$D.asked-for", undo: 'rm -f "$D.asked-for"' },
    }),
    asked({
      name: "g-other-opened",
      what: "a file that a service had opened and handed to the job, which wrote to it",
      serve: 'serve-opened "$D/door" "$D/file"; echo old-old > "$D/file"',
      ask: 'kernel write-handed "$D/door"',
      ...{ left: ":", text: "$D/file", undo: 'rm -f "$D/file"' },
    }),
    asked({
      name: "g-started",
      what: "a process that a service started because the job asked it to",
      serve: 'serve-guests unix "$D/door" start "$W/bin/perl" -e "sleep 3600 while 1" "$T-started"',
      ask: 'kernel ask-guest unix "$D/door"',
      ...{ left: 'until_true "pgrep -f $T-started >/dev/null"', text: "$T-started" },
      undo: 'for pid in $(pgrep -f "$T-started"); do kill -KILL "$pid"; done',
    }),
  ],
};
