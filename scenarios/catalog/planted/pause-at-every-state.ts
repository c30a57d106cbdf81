import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "pause-at-every-state",
  breaks: "WC-1",
  why: "Whoever asks for a pause that is in force already is refused, because there is nothing to do.",
  patches: [
    {
      file: "agent/core/pause.ts",
      find: "  } else if (pause.result !== null) {",
      replace: `  } else if (pause.result !== null && !begins) {
    turn.answer(wish.requestId, { ok: false, code: "refused", message: "It is paused already.", next: "Resume it." });
  } else if (pause.result !== null) {`,
    },
  ],
} satisfies Mutant;
