import type { HostRecord } from "../machine/host_record.ts";
import { places } from "../machine/places.ts";
import { printExpression } from "../nix/expressions/expression_layout.ts";
import HOST_FILES from "../nix/expressions/host_files.json" with { type: "json" };
import { commentLines } from "../nix/expressions/nix_string.ts";
import { type FileStep, publicFile } from "./step.ts";

/** What a published tree's host is told of this machine beside host.json, which a pure flake cannot read. */
interface PublishedHost {
  readonly host: HostRecord;
  /** Whether /etc/nixos/flake.nix leads to it while such a generation runs. */
  readonly flakeLink: boolean;
  /** The text of the machine's hardware file. */
  readonly hardware: string;
}

/**
 * The files of `places.host` that are the same for every machine, or that are made of one fact of it.
 * The flake copies its whole folder to the store: nothing else belongs there.
 */
export function publishedHostFiles({ host, flakeLink, hardware }: PublishedHost): FileStep[] {
  return [
    ...Object.entries(HOST_FILES).map(([name, text]) =>
      hostFile(name, "compose the host", text, {
        why:
          "the published tree knows no machine, and stays equal to its commit: these make a host of it",
      })
    ),
    hostFile("hardware-configuration.nix", "copy the hardware file", hardware, {
      why: "a flake sees only its own folder; compared with the machine's at every rebuild",
      madeOf: places.hardwareConfiguration,
    }),
    hostFactsStep(host, flakeLink),
  ];
}

/** `host.nix`: the members of host.json that the flake reads. */
export function hostFactsStep(host: HostRecord, flakeLink: boolean): FileStep {
  const comment =
    "The host, written by system-installer. Do not edit: the next run writes it anew.";
  const facts = {
    hostName: host.hostName,
    system: host.system,
    tools: host.tools,
    flakeLink,
  };
  const text = [...commentLines(comment), printExpression(facts), ""].join("\n");
  return hostFile("host.nix", "tell the flake of the host", text, {
    why: "the flake cannot read host.json, which is in another folder",
    madeOf: "host.json",
  });
}

function hostFile(
  name: string,
  title: string,
  content: string,
  reasons: Pick<FileStep, "why" | "madeOf">,
): FileStep {
  return publicFile(places.host, name, title, reasons, content, `host/${name}`);
}
