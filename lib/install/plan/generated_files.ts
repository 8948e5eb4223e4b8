import { encodeHostRecord, type HostRecord } from "../../machine/host_record.ts";
import { printModule } from "../../nix/expressions/nix_module.ts";
import { places } from "../../machine/places.ts";
import { layoutOfRecord, modulesFolder } from "../../machine/tree_layout.ts";
import { type Setting, toAttributeSet } from "../carry/setting.ts";
import { type FileStep, publicFile } from "../step.ts";

/** What goes into the generated modules, one list of settings each. */
export interface GeneratedSettings {
  readonly hardware: readonly Setting[];
  readonly users: readonly Setting[];
  readonly system: readonly Setting[];
}

/**
 * The three generated modules and the owner's local.nix, made once, in the folder where a host of this
 * layout reads them; and host.json.
 */
export function generatedFiles(
  host: HostRecord,
  settings: GeneratedSettings,
  localExists: boolean,
): FileStep[] {
  const { hostName } = host;
  const folder = modulesFolder(layoutOfRecord(host));
  const module = (
    name: string,
    what: string,
    list: readonly Setting[],
    reasons: Pick<FileStep, "why" | "madeOf">,
  ): FileStep =>
    publicFile(
      folder,
      name,
      `write the ${what}`,
      reasons,
      printModule({
        comment: `${what[0]!.toUpperCase()}${what.slice(1)} of ${hostName}, written by ` +
          "system-installer.\nDo not edit: the next run writes it anew. Your own settings belong " +
          "into local.nix" + (isOnBase(host) ? " or where you always had them." : "."),
        config: toAttributeSet(list),
      }),
    );
  return [
    module(
      "hardware-local.nix",
      isOnBase(host) ? "hardware settings" : "hardware settings and boot loader",
      settings.hardware,
      {
        why: "the processor's KVM and the IOMMU" +
          (isOnBase(host) ? "" : ", and how the machine boots"),
        madeOf: "/proc/cpuinfo, /sys, and your configuration",
      },
    ),
    module("users-local.nix", "users", settings.users, {
      why: isOnBase(host)
        ? "those who run guests are in the groups for it; no account is declared"
        : "everyone who can log in now still can",
      madeOf: "--users, /etc/passwd, /etc/group, and your configuration",
    }),
    module("system-local.nix", "system settings", settings.system, {
      why: isOnBase(host)
        ? "only what no file of yours says: a new host name, the link in /etc/nixos"
        : "what the machine was set to: names, disks, network, sshd, firewall, time, language",
      madeOf: "your configuration as it was evaluated, and --hostname",
    }),
    hostRecordStep(host),
    ...(localExists ? [] : [localModuleStep(folder, hostName)]),
  ];
}

/** `host.json`, by which nix/host.nix and every tool know the host. */
export function hostRecordStep(host: HostRecord): FileStep {
  return publicFile(places.configuration, "host.json", "name the host", {
    why: "the source makes this machine's host of it, and every tool knows the machine by it",
    madeOf: "the host's name, and where your configuration and its nixpkgs are",
  }, encodeHostRecord(host));
}

function isOnBase(host: HostRecord): boolean {
  return host.base !== null;
}

function localModuleStep(folder: string, hostName: string): FileStep {
  const text = printModule({
    comment: `Your own settings for ${hostName}. No tool ever changes this file.`,
    config: {},
  });
  const why = "a place for your own settings that no tool ever changes again";
  return publicFile(folder, "local.nix", "make a file for your own settings", { why }, text);
}
