import { HouseguestError, systemCode } from "../../foundation/errors.ts";
import { parseJson } from "../../foundation/parse-json.ts";
import { Problem } from "../../protocol/messages.ts";
import { isRetriable } from "../../protocol/retriable-problem.ts";
import type { BrokerFailure, BrokerOutcome } from "../core/outcome.ts";

/** A call that the broker refused or did not answer. */
export class BrokerError extends HouseguestError {
  override readonly name = "BrokerError";
  readonly brokerCode: BrokerFailure["code"];
  /** With `offset-mismatch`: how many bytes of the upload the broker has. */
  readonly expectedOffset: number | undefined;
  /** When the broker answered, by its own clock and in its own words; null where it does not say. */
  readonly date: string | null;

  constructor(
    message: string,
    {
      code,
      retriable,
      cause,
      expectedOffset,
      date = null,
    }: {
      code: BrokerFailure["code"];
      retriable: boolean;
      cause?: unknown;
      expectedOffset?: number | undefined;
      date?: string | null;
    },
  ) {
    super(message, { code, retriable, cause, next: nextOf(code, retriable) });
    this.brokerCode = code;
    this.expectedOffset = expectedOffset;
    this.date = date;
  }
}

/** No answer at all: refused connection, reset, timeout. */
export function unreachable(url: URL, error: unknown): BrokerError {
  return new BrokerError(`${url.host} does not answer (${reasonOf(error)})`, {
    code: "unreachable",
    retriable: true,
    cause: error,
  });
}

/** An answer that is no success: the broker's own problem, or whatever stands between it and us. */
export function refusal({
  method,
  status,
  date = null,
  body,
}: {
  method: string;
  status: number;
  date?: string | null;
  body: string;
}): BrokerError {
  const problem = Problem.safeParse(parseJson(body));
  if (!problem.success) {
    // The answer to a HEAD has no room for a reason: a signature that is refused is made anew with the next try, and who
    // is refused for good hears so on the next call of another kind. Elsewhere the broker gives its reason, and a 401
    // without one is somebody else's, who will not let us through the next time either.
    const mayBeStale = status === 401 && method === "HEAD";
    const retriable = status >= 500 || mayBeStale || status === 408 || status === 429;
    return new BrokerError(`the answer is HTTP ${status} without a reason that the protocol knows`, {
      code: "malformed",
      retriable,
    });
  }
  const { code, message, expectedOffset } = problem.data;
  return new BrokerError(message, { code, retriable: isRetriable(code), expectedOffset, date });
}

export function malformed(what: string, cause: unknown): BrokerError {
  return new BrokerError(`the answer to ${what} is not what the protocol says`, {
    code: "malformed",
    retriable: true,
    cause,
  });
}

/** The call as plain data for the core. Anything but a `BrokerError` is a bug of ours and goes on its way. */
export async function outcomeOf<T>(call: Promise<T>): Promise<BrokerOutcome<T>> {
  try {
    return { ok: true, value: await call };
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    const { brokerCode: code, retriable, message, expectedOffset } = error;
    return { ok: false, code, retriable, message, ...(expectedOffset === undefined ? {} : { expectedOffset }) };
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "timeout";
  const cause = error instanceof Error ? error.cause : undefined;
  const causes = cause instanceof AggregateError ? cause.errors : [cause];
  return systemCode(causes[0]) ?? systemCode(error) ?? (error instanceof Error ? error.message : "unknown reason");
}

function nextOf(code: BrokerFailure["code"], retriable: boolean): string {
  if (code === "bad-join-token")
    return "Ask the broker's operator for the current join token and give it with --token.";
  if (code === "revoked") return "Run `donor-agent withdraw`, then join anew: this key is dead for good.";
  if (code === "unreachable") return "Check the --broker address and that the broker is running.";
  return retriable ? "It is tried again by itself." : "Look at the broker's log for why.";
}
