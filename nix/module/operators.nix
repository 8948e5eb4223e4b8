# Who may operate guests without a password, and what that means exactly.
{ lib, config, ... }:
let
  cfg = config.hypervisor;

  # Where a user's `sudo virsh` finds it; the same after every update.
  virsh = "/run/current-system/sw/bin/virsh";

  # Commands of virsh(1) that change or show the state of a guest that root has defined, and take no
  # file, no device, no URI and no XML.
  onGuest = [
    "start"
    "shutdown"
    "reboot"
    "reset"
    "suspend"
    "resume"
    "destroy"
    "managedsave"
    "autostart"
    "console"
    "domid"
    "dominfo"
    "domstate"
    "domuuid"
    "domblklist"
    "domiflist"
    "domifaddr"
    "domstats"
    "dommemstat"
    "vcpuinfo"
    "snapshot-list"
  ];
  overview = [
    "list"
    "list --all"
    "nodeinfo"
    "net-list --all"
    "pool-list --all"
    "version"
  ];

  # sudoers(5): arguments from ^ to $ are an extended regular expression for all of them together. A
  # name that starts with a letter or digit cannot be an option; no separator can be part of it.
  name = "[A-Za-z0-9][A-Za-z0-9._+-]*";
  commands = map (command: "${virsh} ${command}") overview ++ [
    "${virsh} ^(${lib.concatStringsSep "|" onGuest}) ${name}$"
  ];
in
{
  options.hypervisor.operators = lib.mkOption {
    type = lib.types.listOf lib.types.str;
    default = [ ];
    example = [ "alice" ];
    description = ''
      Users who may operate guests through sudo without a password: list them, start, stop, suspend
      and save them, open their console, read their state (`sudo virsh start NAME`). The guest is
      named without quotes or options. Accounts made by hand count too, while `users.mutableUsers` is
      on; without it each must be one of `users.users`.

      Nothing else is allowed, because most other ways to manage guests equal root: whoever may
      define or edit a guest (`virsh define`, `edit`, `attach-device`), move files in and out of
      storage pools (`virsh vol-upload`, `vol-download`), save or dump to a path, or run `virt-install`
      or `qemu-img` as root can read and write every file of the host. For the same reason, members
      of the group `libvirtd` equal root: libvirtd lets them do all of that. Operators need not be
      in that group. Users of `wheel` need their password for sudo, as before. Without
      `security.sudo.enable` (with sudo-rs or doas) there are no such rules, and a warning says so.
    '';
  };

  config = lib.mkIf cfg.enable {
    # With users.mutableUsers, an account may have been made by hand.
    assertions = map (user: {
      assertion = config.users.mutableUsers || config.users.users ? ${user};
      message = "hypervisor.operators names ${user}, but there is no users.users.${user}, and users.mutableUsers is off: declare the user or remove the name.";
    }) cfg.operators;

    warnings =
      lib.optional (cfg.operators != [ ] && !config.security.sudo.enable)
        "hypervisor.operators has no effect without security.sudo.enable: sudo-rs and doas do not know such rules. Set it to [ ], or use sudo.";

    security.sudo.extraRules = lib.mkIf (cfg.operators != [ ]) [
      {
        users = cfg.operators;
        runAs = "root";
        commands = map (command: {
          inherit command;
          options = [ "NOPASSWD" ];
        }) commands;
      }
    ];
  };
}
