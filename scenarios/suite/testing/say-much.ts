import { tellParent } from "../tell-parent.ts";

await tellParent({ much: "x".repeat(Number(process.argv[2])) });
