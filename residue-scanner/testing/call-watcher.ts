import { CallSource } from "../watch/calls/call-source.ts";

/** A program that watches system calls until it is killed; it prints a line when it does, or why it cannot. */
const source = await CallSource.open({ bufferKilobytes: 64 });
if ("refusal" in source) console.log(source.refusal);
else {
  console.log("watching");
  process.stdin.resume();
}
