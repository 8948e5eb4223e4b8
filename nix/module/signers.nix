# Who may sign the commits that the tools sync: what smart-sync and dev-update find without being told.
{ lib, config, ... }:
let
  cfg = config.hypervisor;
in
{
  options.hypervisor.signers = lib.mkOption {
    type = lib.types.nullOr lib.types.path;
    default = null;
    example = lib.literalExpression "./allowed_signers";
    description = ''
      Who may sign the commits of the source: an SSH `allowed_signers` file (ssh-keygen(1)) or public
      keys that `gpg --export` has written, or `null` for nobody. It becomes `/etc/hypervisor/signers`;
      `smart-sync`, `dev-update` and `system-installer` then refuse a commit that none of them has
      signed, and one that does not come after the source's present one. Verifying takes `git`, and
      `gnupg` for keys of gpg.
    '';
  };

  config = lib.mkIf (cfg.enable && cfg.signers != null) {
    environment.etc."hypervisor/signers".source = lib.mkOverride 1200 cfg.signers;
  };
}
