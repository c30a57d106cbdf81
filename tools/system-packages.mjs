/**
 * What the tests use that npm cannot bring: Debian's package, the command by which it is recognised, and the tests that
 * are skipped without it. `npm test` installs what is missing when it runs as root on Debian.
 */
export const systemPackages = [
  {
    name: "cron",
    command: "crontab",
    neededBy: "tests that put a line into a user's crontab and expect it to be found",
  },
  {
    name: "bubblewrap",
    command: "bwrap",
    neededBy: "tests of the sandbox driver that runs jobs in namespaces of their own",
  },
  {
    name: "redis-server",
    command: "redis-server",
    neededBy: "tests of the broker's Redis store, where neither REDIS_URL nor a container engine is there",
  },
  {
    name: "strace",
    command: "strace",
    neededBy: "tests that interrupt the scanner at chosen system calls and look at every file that it opens",
  },
  {
    name: "at",
    command: "atd",
    neededBy: "the test that what atd does is told as the doing of whoever asked for it",
  },
  {
    name: "iptables",
    command: "iptables-legacy",
    neededBy: "the test that rules of the iptables before nftables are found, in a network namespace of its own",
  },
  {
    name: "stress-ng",
    command: "stress-ng",
    neededBy: "the scenario cpu-and-io-storm, whenever the whole catalogue is run",
  },
  {
    name: "chromium",
    command: "chromium",
    neededBy: "tests of the reports' page in a browser",
  },
];

/** What benchmarks compare with, and leave out where it is missing; the nightly run installs it. */
export const benchPackages = [
  {
    name: "aide",
    command: "aide",
    neededBy: "the benchmark snapshot-files, which compares the walk through the files with AIDE's",
  },
];
