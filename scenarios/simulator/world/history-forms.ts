import type * as z from "zod";

import { AssertionError } from "../../../foundation/assert.ts";
import { historyEvents, type HistoryType } from "../../../protocol/history.ts";
import { Form } from "./form.ts";

const forms = new Map<string, Form<z.ZodType>>(
  Object.entries(historyEvents).map(([type, schema]) => [type, new Form(`the record ${type}`, schema)]),
);

/** A line that its schema refuses would make the history unreadable for whoever judges it. */
export function demandRecord(type: HistoryType, data: unknown, isWhole: boolean): void {
  const form = forms.get(type);
  // Put into words only where it is so: every record comes by here.
  if (form === undefined) throw new AssertionError(`Broken invariant: the history knows records of the type ${type}`);
  form.demand(data, isWhole);
}
