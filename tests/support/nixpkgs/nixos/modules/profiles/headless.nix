{ lib, ... }:
{
  systemd.services."getty@tty1".enable = lib.mkDefault false;
  boot.kernelParams = [
    "panic=1"
    "boot.panic_on_fail"
  ];
}
