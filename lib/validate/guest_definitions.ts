import { listIfExists, readTextIfExists } from "../machine/files/files.ts";
import type { Context } from "../machine/context.ts";

/** Where libvirt keeps definitions: NixOS's place, and that of other distributions. */
const FOLDERS = ["/var/lib/libvirt/qemu", "/etc/libvirt/qemu"];

/** What libvirt knows of a guest. */
export interface GuestDefinition {
  readonly guest: string;
  /** Machine path of the XML. */
  readonly path: string;
  readonly text: string;
}

/** The definitions of all guests, running or not. */
export function guestDefinitions(ctx: Context): GuestDefinition[] {
  return FOLDERS.flatMap((folder) =>
    listIfExists(ctx.root.follow(folder)).filter((name) => name.endsWith(".xml")).map((name) => {
      const path = `${folder}/${name}`;
      const text = readTextIfExists(ctx.root.follow(path)) ?? "";
      return { guest: name.slice(0, -".xml".length), path, text };
    })
  );
}
