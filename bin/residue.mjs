#!/usr/bin/env node
import { launch } from "./launch.mjs";

await launch("residue-scanner/cli.ts");
