# Packages by name. Each is a folder bin/ with a script that says what it stands for; shells carry their
# shellPath. Deno is real when STANDIN_DENO and STANDIN_DENORT name executables, esbuild when
# STANDIN_ESBUILD does: then the toolkit's package really compiles. Otherwise it "compiles" to a script that says so.
{ lib, pkgs }:
let
  package =
    name: programs:
    pkgs.runShell "${name}-0"
      {
        pname = name;
        version = "0";
        meta.mainProgram = lib.head programs;
      }
      (
        lib.concatMapStrings (program: ''
          mkdir -p $out/bin
          printf '#!/bin/sh\necho "stand-in for %s"\n' ${program} > $out/bin/${program}
          chmod +x $out/bin/${program}
        '') programs
      );
  named = lib.genAttrs [
    "coreutils"
    "nix"
    "git"
    "curl"
    "jq"
    "hello"
    "vim"
    "nano"
    "wget"
    "htop"
    "tmux"
    "rsync"
    "iproute2"
    "pciutils"
    "usbutils"
    "dmidecode"
    "util-linux"
    "kbd"
    "gnused"
    "gnugrep"
    "gawk"
    "findutils"
    "gnutar"
    "gzip"
    "xz"
    "lvm2"
    "mdadm"
    "cryptsetup"
    "e2fsprogs"
    "dosfstools"
    "btrfs-progs"
    "zfs"
    "qemu"
    "qemu_kvm"
    "libvirt"
    "virt-manager"
    "virt-viewer"
    "swtpm"
    "OVMF"
    "openssh"
    "sudo"
    "doas"
    "procps"
    "nodejs"
    "nixfmt-rfc-style"
    "nixfmt"
    "deadnix"
    "nixpkgs-fmt"
    "cacert"
    "which"
    "less"
    "file"
    "bridge-utils"
    "dnsmasq"
    "nftables"
    "iptables"
    "ethtool"
    "lsof"
    "parted"
    "gptfdisk"
    "smartmontools"
    "nvme-cli"
    "nixos-rebuild"
    "nixos-install-tools"
    "linux-firmware"
    "firefox"
    "terminus_font"
    "nettools"
    "inetutils"
    "strace"
    "shellcheck"
    "sshpass"
    "openssl"
    "nfs-utils"
    "cifs-utils"
    "ntfs3g"
    "mergerfs"
  ] (name: package name [ name ]);
  shell = name: package name [ name ] // { shellPath = "/bin/${name}"; };
  fakeDeno = pkgs.writeScript "deno" (builtins.readFile ./deno.sh);
  real =
    name: fallback:
    let
      path = builtins.getEnv name;
    in
    if path == "" then fallback else path;
in
named
// {
  bash = shell "bash";
  bashInteractive = shell "bash";
  zsh = shell "zsh";
  fish = shell "fish";
  dash = shell "dash";
  shadow = package "shadow" [ "nologin" ] // {
    shellPath = "/bin/nologin";
  };
  sshfs = package "sshfs-fuse" [ "sshfs" ];
  systemd = package "systemd" [ "systemctl" ];
  libvirt = package "libvirt" [
    "virsh"
    "virt-host-validate"
  ];
  qemu = package "qemu" [
    "qemu-img"
    "qemu-system-x86_64"
  ];
  qemu_kvm = package "qemu-kvm" [
    "qemu-img"
    "qemu-system-x86_64"
  ];
  virt-manager = package "virt-manager" [
    "virt-manager"
    "virt-install"
    "virt-clone"
    "virt-xml"
  ];
  nixos-rebuild = package "nixos-rebuild" [ "nixos-rebuild" ];

  deno =
    pkgs.runShell "deno-0"
      {
        pname = "deno";
        version = "2.9.0";
        outputs = [
          "out"
          "denort"
        ];
        meta.mainProgram = "deno";
        deno = real "STANDIN_DENO" fakeDeno;
        runtime = real "STANDIN_DENORT" "/bin/false";
      }
      ''
        mkdir -p $out/bin $denort/bin
        ln -s $deno $out/bin/deno
        ln -s $runtime $denort/bin/denort
      '';

  esbuild =
    pkgs.runShell "esbuild-0"
      {
        pname = "esbuild";
        version = "0";
        meta.mainProgram = "esbuild";
        program = real "STANDIN_ESBUILD" "/bin/false";
      }
      ''
        mkdir -p $out/bin
        ln -s $program $out/bin/esbuild
      '';

  linuxPackages = {
    kernel =
      pkgs.runShell "linux-6.6.0" { version = "6.6.0"; } ''
        mkdir -p $out/lib/modules
        printf 'stand-in kernel' > $out/bzImage
        printf 'stand-in initrd' > $out/initrd
      ''
      // {
        version = "6.6.0";
      };
  };
  linuxPackages_latest = pkgs.linuxPackages;
  linuxPackages_6_6 = pkgs.linuxPackages;
  linuxPackages_zen = pkgs.linuxPackages;
  linuxPackages_hardened = pkgs.linuxPackages;
}
