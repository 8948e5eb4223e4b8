import type { Context } from "../machine/context.ts";
import { ExitCode } from "../machine/exit_code.ts";
import { realPathIfSeen } from "../machine/files/files.ts";
import { machineFolder } from "../machine/files/machine_files.ts";
import { refuseUnreadable } from "../machine/files/regular_file.ts";
import { places } from "../machine/places.ts";
import { ToolError } from "../machine/tool_error.ts";
import { shellWord } from "../machine/shell_words.ts";

/** Whose files Nix reads by path, and waits for. */
const FOLDERS = [
  places.nixos,
  places.configuration,
  places.host,
  places.source,
  `${places.source}/nix`,
];

/**
 * Refuses a pipe, a device or a huge file in the place of what Nix reads of a machine, and on a mounted
 * one a link that means a file of this one to Nix, which knows no other root. What an owner's files
 * import from elsewhere cannot be known before; Nix ends with the tool that started it.
 * @throws ToolError exit 6 that says what is where
 */
export function refuseWhatNixMustNotRead(ctx: Context): void {
  for (const folder of FOLDERS) {
    for (const name of machineFolder(ctx, folder)) {
      if (!/\.(?:nix|json|lock)$/.test(name)) continue;
      const path = `${folder}/${name}`;
      refuseUnreadable(ctx.root.follow(path));
      // Where an owner's flake is, is found out inside the root.
      if (path !== places.flakeLink) refuseWayOut(ctx, path);
    }
  }
}

function refuseWayOut(ctx: Context, path: string): void {
  if (ctx.root.isRunning) return;
  const seen = `${ctx.root.path}${path}`;
  const found = realPathIfSeen(seen);
  if (found === undefined || found === realPathIfSeen(ctx.root.follow(path))) return;
  throw new ToolError(`${seen} is a link that leads Nix out of ${ctx.root.path}, to ${found}`, {
    code: ExitCode.Configuration,
    hint: `put what it stands for in its place, or make it relative: ls -l ${shellWord(seen)}`,
  });
}
