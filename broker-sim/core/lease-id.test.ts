import { expect, test } from "vitest";

import { leaseIdOf, jobOfLease } from "./lease-id.ts";

test("a lease's id tells its job and epoch", () => {
  expect(leaseIdOf("job-k3f9-12", 7)).toBe("lease-k3f9-12-7");
  expect(jobOfLease("lease-k3f9-12-7")).toBe("job-k3f9-12");
});
