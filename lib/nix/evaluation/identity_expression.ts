/**
 * Nix code that tells what an evaluated NixOS (`{ config, options, pkgs }`) is made of: a function from
 * it to one attribute set per group (see `identity.ts`). Nothing is built: what would be built is
 * told by the store path that it would have, and a file by the path that its content gives it. Store
 * paths lose their context, so that they are names. What belongs to no text (a file's mode, what wants
 * a unit) stands beside it. Password hashes are never part of it: a digest tells whether they differ.
 */
export const identityExpression = String.raw`
nixos:
let
  inherit (builtins) attrNames concatMap deepSeq elem filter getAttr hashString isPath isString map mapAttrs
    pathExists removeAttrs sort toJSON toString tryEval unsafeDiscardStringContext;
  inherit (nixos) config;

  guard = value:
    let result = tryEval (deepSeq value value);
    in if result.success then result.value else { unreadable = true; };
  each = read: set: mapAttrs (name: value: guard (read name value)) set;
  text = value: if value == null then null else unsafeDiscardStringContext (toString value);
  # A path literal is named by its content, as when it is copied to the store.
  content = value:
    if isPath value then (if pathExists value then unsafeDiscardStringContext "${"${value}"}" else toString value)
    else text value;
  digest = value: hashString "sha256" (unsafeDiscardStringContext (toJSON value));
  sorted = list: sort (a: b: a < b) (map text list);
  isEnabled = value: let result = tryEval (value.enable or true); in ! result.success || result.value;
  enabled = set: removeAttrs set (filter (name: ! isEnabled (getAttr name set)) (attrNames set));

  # Folders of /etc that are made of the units, which are compared one by one.
  ofUnits = [ "systemd/system" "systemd/user" "systemd/network" ];

  unit = _: unit: {
    is = {
      unit = text (unit.unit or null);
      enable = unit.enable or true;
      wantedBy = sorted (unit.wantedBy or [ ]);
      requiredBy = sorted (unit.requiredBy or [ ]);
      upheldBy = sorted (unit.upheldBy or [ ]);
      aliases = sorted (unit.aliases or [ ]);
    };
    text = text (unit.text or null);
  };
  script = _: script: {
    is = { deps = script.deps or [ ]; };
    text = text (if isString script then script else script.text or "");
  };
  account = _: user: {
    is = {
      uid = user.uid or null;
      group = user.group or null;
      extraGroups = sorted (user.extraGroups or [ ]);
      home = text (user.home or null);
      shell = text (user.shell or null);
      isNormalUser = user.isNormalUser or false;
      credentials = digest (map text [
        (user.hashedPassword or null)
        (user.password or null)
        (user.initialPassword or null)
        (user.initialHashedPassword or null)
        (user.hashedPasswordFile or (user.passwordFile or null))
      ]);
      keys = digest (sorted (user.openssh.authorizedKeys.keys or [ ])
        ++ map content (user.openssh.authorizedKeys.keyFiles or [ ]));
    };
  };
  packages = config.systemd.packages or [ ];
  nameOf = package: text (package.name or package);
  keys = key: list: builtins.listToAttrs (map (value: { name = key value; value = null; }) list);
  made = value: { is = text value; };
  build = config.system.build or { };
in
{
  etc.etc = each
    (name: entry: {
      is = {
        source = content entry.source;
        mode = entry.mode or "symlink";
        user = entry.user or "root";
        group = entry.group or "root";
        target = entry.target or name;
      };
      text = text (entry.text or null);
    })
    (removeAttrs (enabled config.environment.etc) ofUnits);
  units = {
    unit = each unit config.systemd.units;
    userUnit = each unit (config.systemd.user.units or { });
    networkUnit = each unit (config.systemd.network.units or { });
    # Several may have one name.
    unitPackage = guard (mapAttrs
      (name: _: { is = builtins.concatStringsSep " " (attrNames (keys text (filter (package: nameOf package == name) packages))); })
      (keys nameOf packages));
  };
  boot.boot = {
    initrd = guard (made (build.initialRamdisk or null));
    kernel = guard (made (build.kernel or null));
    "kernel modules" = guard (made (config.system.modulesTree or null));
    "kernel parameters" = guard { is = map text config.boot.kernelParams; text = builtins.concatStringsSep "\n" (map text config.boot.kernelParams); };
    "boot loader" = guard (made (build.installBootLoader or null));
  };
  activation.activation = each script (config.system.activationScripts or { });
  accounts = {
    account = each account (enabled config.users.users);
    group = each
      (_: group: { is = { gid = group.gid or null; members = sorted (group.members or [ ]); }; })
      config.users.groups;
    wrapper = each
      (_: wrapper: {
        is = {
          source = content wrapper.source;
          owner = wrapper.owner or null;
          group = wrapper.group or null;
          setuid = wrapper.setuid or false;
          setgid = wrapper.setgid or false;
          permissions = wrapper.permissions or null;
          capabilities = wrapper.capabilities or null;
        };
      })
      (enabled (config.security.wrappers or { }));
  };
  system = {
    toplevel = guard (text (build.toplevel or null));
    derivation = guard (text (build.toplevel.drvPath or null));
  };
}
`;

/** The groups of {@link identityExpression}, each evaluated apart when all together fail. */
export const IDENTITY_GROUPS = [
  "etc",
  "units",
  "boot",
  "activation",
  "accounts",
  "system",
] as const;
