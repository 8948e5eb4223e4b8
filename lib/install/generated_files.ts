import { type Expression, path as nixPath } from "../nix/expression.ts";
import { printModule } from "../nix/nix_module.ts";
import { places } from "../machine/places.ts";
import { type Setting, toAttributeSet } from "./setting.ts";
import type { FileStep, Step } from "./step.ts";

/** What goes into the generated modules, one list of settings each. */
export interface GeneratedSettings {
  readonly hardware: readonly Setting[];
  readonly users: readonly Setting[];
  readonly system: readonly Setting[];
}

/** Version of host.json's shape, which nix/host.nix checks. */
const HOST_VERSION = 1;
/** Modules and host.json are for everyone to read: nothing in them is secret. */
const PUBLIC = 0o644;

/** `configuration/`: the three generated modules, host.json, and the owner's local.nix, made once. */
export function generatedFiles(
  hostName: string,
  system: string,
  settings: GeneratedSettings,
  keepConfig: boolean,
  localExists: boolean,
): Step[] {
  const module = (name: string, what: string, list: readonly Setting[]): FileStep =>
    publicFile(
      name,
      `write the ${what}`,
      printModule({
        comment: `${what[0]!.toUpperCase()}${what.slice(1)} of ${hostName}, carried over by ` +
          "system-installer.\nDo not edit: the next run writes it anew. Your own settings belong " +
          "into local.nix.",
        config: toAttributeSet(list),
      }),
    );
  const host = { version: HOST_VERSION, hostName, system };
  return [
    module("hardware-local.nix", "hardware and boot loader", settings.hardware),
    module("users-local.nix", "users", settings.users),
    module("system-local.nix", "system settings", settings.system),
    publicFile("host.json", "name the host", JSON.stringify(host, null, 2) + "\n"),
    ...(localExists ? [] : [localModule(hostName, keepConfig)]),
  ];
}

function localModule(hostName: string, keepConfig: boolean): FileStep {
  // Relative, so that it means the machine's own file under another root too.
  const imports: Expression[] = keepConfig ? [nixPath("../../nixos/configuration.nix")] : [];
  const text = printModule({
    comment: `Your own settings for ${hostName}. No tool ever changes this file.`,
    imports,
    config: {},
  });
  return publicFile("local.nix", "make a file for your own settings", text);
}

function publicFile(name: string, title: string, content: string): FileStep {
  return {
    kind: "file",
    id: name,
    title,
    path: `${places.configuration}/${name}`,
    mode: PUBLIC,
    content,
  };
}
