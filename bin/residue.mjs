#!/usr/bin/env node
import { setFlagsFromString } from "node:v8";

import { launch } from "./launch.mjs";

// Room for young objects grows to 48 MiB a thread otherwise, most of it garbage; the scanner shares the machine with
// what it watches. Measured: 40 MiB less at the peak, and no more processor time.
setFlagsFromString("--semi-space-growth-factor=1");

await launch("residue-scanner/cli.ts");
