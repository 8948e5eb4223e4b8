import { machineFolder, machineHas, machineText } from "../machine/files/machine_files.ts";
import { places } from "../machine/places.ts";
import type { Context } from "../machine/context.ts";

/** What NixOS's `environment.variables` become; its shells read it (nixos/modules/config/shells-environment.nix). */
const SET_ENVIRONMENT = "/etc/set-environment";
/** Where nix-channel(1) of root keeps the channels; the first is the older place, and what NixOS names. */
const CHANNELS = [
  "/nix/var/nix/profiles/per-user/root/channels",
  "/root/.local/state/nix/profiles/channels",
  "/root/.nix-defexpr/channels",
];

/**
 * The entries of Nix's search path with which `nixos-rebuild` of a machine evaluates, as machine paths:
 * those of the system's own NIX_PATH (`nix.nixPath`). A login shell puts its user's channels before
 * them, which is why the caller's NIX_PATH is asked last. Links stay links, so that a later
 * `nix-channel --update` is honoured.
 * @returns undefined where no NixOS can be found in any of them
 */
export function systemSearchPath(ctx: Context): string[] | undefined {
  const own = /^export NIX_PATH="([^"]*)"/m.exec(machineText(ctx, SET_ENVIRONMENT) ?? "")?.[1];
  return [entriesOf(own), channelEntries(ctx), entriesOf(ctx.run.env.NIX_PATH)]
    .find((entries) => entries !== undefined && givesNixos(ctx, entries));
}

/** As Nix takes it apart: the colon of a URL divides nothing (`EvalSettings::parseNixPath`). */
const ENTRY = /(?:[^:]*=)?(?:(?:channel|flake):|(?:https?|file|git|s3|ssh):(?=\/\/))[^:]*|[^:]+/g;

function entriesOf(value: string | undefined): string[] | undefined {
  return value?.match(ENTRY) ?? undefined;
}

/**
 * NIX_PATH as Nix on this host must see it: paths of a mounted machine, links resolved inside its root,
 * those of the channels in a folder too, which lead to the machine's own store.
 */
export function nixPath(ctx: Context, entries: readonly string[]): string {
  return entries.flatMap((entry) => {
    const [, name = "", path = ""] = /^([^=]+=)?(.*)$/.exec(entry) ?? [];
    if (ctx.root.isRunning || !path.startsWith("/") || !machineHas(ctx, path)) return [entry];
    const inside = name === "" ? machineFolder(ctx, path) : [];
    return [
      ...inside.map((name) => `${name}=${ctx.root.follow(`${path}/${name}`)}`),
      name + ctx.root.follow(path),
    ];
  }).join(":");
}

/** NixOS's default, for a machine whose system does not say it. */
function channelEntries(ctx: Context): string[] | undefined {
  const [first] = CHANNELS.flatMap((folder) =>
    ["nixos", "nixpkgs", ...machineFolder(ctx, folder)]
      .filter((name) => machineHas(ctx, `${folder}/${name}/nixos/default.nix`))
      .map((name) => ({ folder, name }))
  );
  if (first === undefined) return undefined;
  const { folder, name } = first;
  return [
    `nixpkgs=${folder}/${name}`,
    `nixos-config=${places.nixos}/configuration.nix`,
    folder,
  ];
}

/** `flake:` and URLs are Nix's to fetch. */
function givesNixos(ctx: Context, entries: readonly string[]): boolean {
  return entries.some((entry) => {
    const [, name, path = ""] = /^(?:([^=]+)=)?(.*)$/.exec(entry) ?? [];
    if (name !== undefined && name !== "nixpkgs") return false;
    if (!path.startsWith("/")) return name === "nixpkgs";
    return machineHas(ctx, `${path}${name === undefined ? "/nixpkgs" : ""}/nixos/default.nix`);
  });
}
