# Imported by files that nixos-generate-config wrote.
{ lib, ... }:
{
  hardware.enableRedistributableFirmware = lib.mkDefault true;
}
