import { expect, test } from "vitest";

import { leaseIdOf, parseLeaseId } from "./lease-id.ts";

test("a lease's id tells its job and epoch", () => {
  expect(leaseIdOf("job-k3f9-12", 7)).toBe("lease-k3f9-12-7");
  expect(parseLeaseId("lease-k3f9-12-7")).toEqual({ jobId: "job-k3f9-12", epoch: 7 });
});

test.each(["lease-", "lease-x", "lease-x-0", "lease-x-01", "job-x-1", "lease-x-1-", "lease-X-1"])(
  "%s is no lease of ours",
  (id) => {
    expect(parseLeaseId(id)).toBeUndefined();
  },
);
