/** What `--help` says below the options: 80 columns wide, each with a blank line before it. */

export const exitCodesHelp = `
Exit codes:
  0    nothing is left (and, under the policies ci and strict, all was seen)
  1    something is left
  2    nothing was found, but not everything was seen, or evidence was lost, or
       what was found could not be written
  3    a control group made for the command could not be removed; the message
       holds the command that does it
  64   the command line or a file named on it is wrong; nothing was done
  70   a bug in residue; the message tells what to report
  130  interrupted while the host was read
`;

export const snapshotExitCodesHelp = `
Exit codes:
  0    the host was read; what of it could not be seen is named
  2    a surface could not be read, or what was read could not be told
  64   the command line is wrong, or the snapshot cannot be written there
  130  interrupted; nothing was kept
`;

export const recorderHelp = `
From before the first reading until after the last one the kernel tells who
touches which file, who starts whom and who asks for mounts, keys and queues;
so a change is the command's, somebody else's, or both's, by evidence. That
needs root; without it, or with --no-recorder, a change is told by the marks
that it bears, more stays unexplained, and nothing is called clean.
`;

export const policyHelp = `
A policy file stands on a built-in policy and waives findings for a time:
  { "base": "ci",
    "waivers": [{ "finding": "files:/var/cache/x/**",
                  "reason": "the cache of x, which its own timer empties",
                  "expires": "2026-12-31" }] }
"finding" is an id as --json tells it; * stands for anything but a slash, **
for anything. Waivers are printed in the report; one that has expired, or has
no reason, is an error.
`;

export const whereCommandStands = "Put the command after --, as in: residue run --json -- make install";

export const watchExitCodesHelp = `
Exit codes:
  2    the command ended with 0, but not everything that it did was seen
  3    a control group made for the command could not be removed
  64   this user may not record what files are touched; nothing was run
  130  interrupted before the command was started
  other  the command's own exit code
`;
