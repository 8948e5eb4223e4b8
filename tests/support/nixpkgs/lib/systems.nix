# What a system double such as "x86_64-linux" says about a platform.
{ lib }:
{
  elaborate =
    given:
    let
      system = if builtins.isString given then given else given.system;
      cpu = builtins.head (lib.splitString "-" system);
    in
    {
      inherit system;
      config = "${cpu}-unknown-linux-gnu";
      isLinux = lib.hasSuffix "-linux" system;
      isx86_64 = cpu == "x86_64";
      isx86 = cpu == "x86_64" || cpu == "i686";
      isAarch64 = cpu == "aarch64";
      isAarch = cpu == "aarch64";
      isDarwin = false;
      linuxArch = if cpu == "aarch64" then "arm64" else cpu;
      parsed.cpu.name = cpu;
      efiArch =
        {
          x86_64 = "x64";
          aarch64 = "aa64";
        }
        .${cpu} or cpu;
    };
  flakeExposed = [
    "x86_64-linux"
    "aarch64-linux"
  ];
}
