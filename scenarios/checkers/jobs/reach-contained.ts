import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { atLeast } from "../setting.ts";
import { violation } from "../story.ts";

/**
 * WC-12: what enclosed jobs try outside their workspace comes to nothing, and is tried; what the other driver lets them
 * reach while they work is closed when they have ended. Settings: `enclosedMin`, `openMin`, how many attempts of either
 * there must be.
 */
export const reachContained = checkerOf(
  "an enclosed job reaches nothing outside its workspace (WC-12)",
  {
    enclosedMin: atLeast(1, "attempts from an enclosure"),
    openMin: atLeast(0, "attempts without one that came through"),
  },
  ({ enclosedMin, openMin }) => {
    let enclosed = 0;
    let open = 0;
    let closed = 0;
    const see = (record: RecordOf<"witness.reach">) => {
      const { driver, where, when, tried, reached } = record.data;
      if (driver === "bubblewrap") {
        if (reached) return violation(`an enclosed job reached ${where}`, record);
        if (tried) enclosed += 1;
        return;
      }
      if (when === "afterwards") {
        if (reached) return violation(`${where} is still reached after the job's end`, record);
        closed += 1;
      } else if (reached) open += 1;
      return;
    };
    return {
      on: { "witness.reach": see },
      end() {
        const words = `${enclosed} attempts from an enclosure came to nothing, ${open} without one did, ${closed} are undone`;
        const enough = enclosed >= enclosedMin && open >= openMin;
        return enough ? passed(words) : undecided(`${words}: ${enclosedMin} and ${openMin} are wanted`);
      },
    };
  },
);
