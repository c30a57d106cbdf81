// What the benchmarks compare with, where this may be installed: `node tools/install-bench-packages.mjs`.
import { installSystemPackages } from "./install-system-packages.mjs";
import { benchPackages } from "./system-packages.mjs";

installSystemPackages(benchPackages, "comparisons");
