import { FaultList } from "../../protocol/faults.ts";
import { routes } from "../../protocol/routes.ts";

/** How long a call to the broker may take, in milliseconds. */
const callMsMax = 5_000;

interface Rule {
  readonly url: string;
  readonly operatorToken: string;
  readonly expiresInMs: number;
}

/**
 * Has the broker's rules removed that would last so long; none may be left by now.
 *
 * @returns undefined when none is in force, else why not
 */
export async function removeBrokerFault({ url, operatorToken, expiresInMs }: Rule): Promise<string | undefined> {
  const call = async (method: "GET" | "DELETE", path: string): Promise<Response> =>
    await fetch(new URL(path, url), {
      method,
      signal: AbortSignal.timeout(callMsMax),
      headers: { authorization: `Bearer ${operatorToken}` },
    });
  const { faults } = FaultList.parse(await (await call("GET", routes.faults)).json());
  const inForce = faults.filter((one) => one.ended === null && one.expiresAt - one.putAt === expiresInMs);
  for (const { ruleId } of inForce) {
    const { ok, status } = await call("DELETE", routes.fault(ruleId));
    if (!ok) return `the broker answered with ${status}`;
  }
  return undefined;
}
