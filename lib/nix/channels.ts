import { machineFolder, machineHas } from "../machine/machine_files.ts";
import type { Context } from "../program/context.ts";

/** Where nix-channel(1) of root keeps the channels; the first is the older place. */
const CHANNELS = [
  "/nix/var/nix/profiles/per-user/root/channels",
  "/root/.local/state/nix/profiles/channels",
  "/root/.nix-defexpr/channels",
];

/**
 * The entries of Nix's search path that a machine's channels give, `nixpkgs` among them. On the
 * running machine the caller's NIX_PATH comes first; on a mounted one its own channels do, and
 * links are resolved inside its root. Undefined when neither has a nixpkgs.
 */
export function channelSearchPath(ctx: Context): string[] | undefined {
  const given = ctx.run.env.NIX_PATH ?? "";
  const givesNixpkgs = given.split(":").some((entry) => entry.startsWith("nixpkgs="));
  if (ctx.root.isRunning && givesNixpkgs) return [];
  const folder = CHANNELS.find((folder) => machineHas(ctx, folder));
  const names = folder === undefined ? [] : machineFolder(ctx, folder);
  const entries = names.filter((name) => machineHas(ctx, `${folder}/${name}/default.nix`))
    .map((name) => `${name}=${ctx.root.follow(`${folder}/${name}`)}`);
  const nixos = ["nixos", "nixpkgs", ...names]
    .find((name) => machineHas(ctx, `${folder}/${name}/nixos/default.nix`));
  if (folder === undefined || nixos === undefined) return givesNixpkgs ? [] : undefined;
  return [`nixpkgs=${ctx.root.follow(`${folder}/${nixos}`)}`, ...entries];
}
