import { encodeHostRecord, type HostRecord } from "../../machine/host_record.ts";
import { printModule } from "../../nix/nix_module.ts";
import { places } from "../../machine/places.ts";
import { layoutOfRecord, modulesFolder } from "../../machine/tree_layout.ts";
import { type Setting, toAttributeSet } from "../carry/setting.ts";
import type { FileStep } from "../step.ts";

/** What goes into the generated modules, one list of settings each. */
export interface GeneratedSettings {
  readonly hardware: readonly Setting[];
  readonly users: readonly Setting[];
  readonly system: readonly Setting[];
}

/** Modules and host.json are for everyone to read: nothing in them is secret. */
const PUBLIC = 0o644;

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
  const module = (name: string, what: string, list: readonly Setting[]): FileStep =>
    publicFile(
      folder,
      name,
      `write the ${what}`,
      printModule({
        comment: `${what[0]!.toUpperCase()}${what.slice(1)} of ${hostName}, written by ` +
          "system-installer.\nDo not edit: the next run writes it anew. Your own settings belong " +
          "into local.nix" + (isOnBase(host) ? " or where you always had them." : "."),
        config: toAttributeSet(list),
      }),
    );
  return [
    module("hardware-local.nix", "hardware and boot loader", settings.hardware),
    module("users-local.nix", "users", settings.users),
    module("system-local.nix", "system settings", settings.system),
    hostRecordStep(host),
    ...(localExists ? [] : [localModuleStep(folder, hostName)]),
  ];
}

/** `host.json`, by which nix/host.nix and every tool know the host. */
export function hostRecordStep(host: HostRecord): FileStep {
  return publicFile(places.configuration, "host.json", "name the host", encodeHostRecord(host));
}

function isOnBase(host: HostRecord): boolean {
  return host.version === 2 && host.base !== null;
}

function localModuleStep(folder: string, hostName: string): FileStep {
  const text = printModule({
    comment: `Your own settings for ${hostName}. No tool ever changes this file.`,
    config: {},
  });
  return publicFile(folder, "local.nix", "make a file for your own settings", text);
}

function publicFile(folder: string, name: string, title: string, content: string): FileStep {
  return {
    kind: "file",
    id: name,
    title,
    path: `${folder}/${name}`,
    mode: PUBLIC,
    content,
  };
}
