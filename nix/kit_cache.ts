/** The binary cache of a USB kit. */
import { counted } from "../lib/layout/counted.ts";
import { makingOf } from "../lib/nix/store/making.ts";
import { derivationsOf } from "../lib/nix/store/supply.ts";

/** What the cache is made for. */
export interface CacheOptions {
  /** Host path of the kit, with its `source`. */
  readonly folder: string;
  /** A host of the kit's flake. */
  readonly system?: string;
  /** A compressed `nix-store --export` of the derivations of a system that another machine planned. */
  readonly plan?: string;
  readonly nixOptions?: readonly string[];
  readonly report: (line: string) => void;
}

const KEY_NAME = "hyper-nixos-usb-kit-1";

/**
 * Adds `cache`: all that building the host took and the flake's inputs, all that the plan takes; signed with
 * a key that is gone afterwards.
 * @throws Error with Nix's words
 */
export async function addCache({ folder, system, plan, ...options }: CacheOptions): Promise<void> {
  const { nixOptions = [], report } = options;
  const cache = `${Deno.realPathSync(folder)}/cache`;
  const flake = `path:${Deno.realPathSync(folder)}/source`;
  const keys = Deno.makeTempDirSync({ prefix: "hyper-nixos-key-" });
  try {
    const [secret, key] = [`${keys}/secret`, `${keys}/public`];
    nix("nix-store", ["--generate-binary-cache-key", KEY_NAME, secret, key]);
    const paths = [
      ...(system === undefined ? [] : buildHost(flake, system, nixOptions, report)),
      ...(plan === undefined ? [] : await realisePlan(plan, nixOptions, report)),
    ];
    // Empty folders that Nix would make in a cache it opens: a read-only stick cannot.
    for (const name of ["nar", "realisations", "log"]) {
      Deno.mkdirSync(`${cache}/${name}`, { recursive: true });
    }
    report(`copying ${counted(paths.length, "store path")} and what they need`);
    nix("nix", ["copy", "--to", `file://${cache}?compression=zstd&secret-key=${secret}`, ...paths]);
    if (system !== undefined) {
      nix("nix", ["flake", "archive", "--to", `file://${cache}`, flake, ...nixOptions]);
    }
    Deno.copyFileSync(key, `${cache}/public-key`);
  } finally {
    Deno.removeSync(keys, { recursive: true });
  }
}

/** @returns all that building a host of the flake took */
function buildHost(
  flake: string,
  host: string,
  nixOptions: readonly string[],
  report: CacheOptions["report"],
): string[] {
  report(`building ${host}`);
  const attribute = `${flake}#nixosConfigurations.${host}.config.system.build.toplevel`;
  const built = JSON.parse(
    nix("nix", ["build", "--no-link", "--json", "--impure", attribute, ...nixOptions]),
  ) as { drvPath: string }[];
  return lines(nix("nix-store", ["-qR", "--include-outputs", built[0]!.drvPath]))
    .filter((path) => !path.endsWith(".drv"));
}

/**
 * Has Nix fetch or build what a machine cannot make itself of the system that it planned. Its
 * configuration files are not made here: it makes those, of these.
 * @returns their store paths
 */
async function realisePlan(
  file: string,
  nixOptions: readonly string[],
  report: CacheOptions["report"],
): Promise<string[]> {
  report(`reading ${file}`);
  const imported = lines(await importPaths(file));
  const derivations = imported.filter((path) => path.endsWith(".drv"));
  // In the order of what needs what: the system is the last.
  const system = derivations.findLast((path) => /-nixos-system-/.test(path));
  if (system === undefined) throw new Error(`${file} is no plan of a system`);
  const { lacking } = makingOf(system, derivationsOf(derivations));
  report(`fetching or building ${counted(lacking.size, "package")}`);
  const wanted = [...lacking].map(([path, outputs]) => `${path}!${[...outputs].join(",")}`);
  return wanted.length === 0
    ? []
    : lines(nix("nix-store", ["--realise", ...wanted, ...nixOptions]));
}

/** Takes derivations into the store; they are named by their content, so that nobody has to sign them. */
async function importPaths(file: string): Promise<string> {
  const child = new Deno.Command("nix-store", {
    args: ["--import"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const content = (await Deno.open(file)).readable.pipeThrough(new DecompressionStream("gzip"));
  const [{ success, stdout, stderr }, problem] = await Promise.all([
    child.output(),
    content.pipeTo(child.stdin).then(() => undefined, (error: Error) => error.message),
  ]);
  if (success && problem === undefined) return new TextDecoder().decode(stdout);
  throw new Error(`${file} cannot be read: ${problem ?? new TextDecoder().decode(stderr)}`);
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

function nix(command: string, args: readonly string[]): string {
  const features = "extra-experimental-features = nix-command flakes";
  const { success, signal, stdout, stderr } = new Deno.Command(command, {
    args: [...args],
    env: { NIX_CONFIG: `${Deno.env.get("NIX_CONFIG") ?? ""}\n${features}` },
  }).outputSync();
  if (success) return new TextDecoder().decode(stdout);
  const said = new TextDecoder().decode(stderr);
  throw new Error(`${command} ${args[0]}: ${signal === null ? said : `ended by ${signal}`}`);
}
