#!/usr/bin/env node
import "./small-heap.mjs";

import { launch } from "./launch.mjs";

await launch("residue-scanner/cli.ts");
