import { nearestName } from "../layout/nearest_name.ts";
import { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";

/**
 * The options that can be handed on to Nix, as they are typed, with what each does: those that both kinds
 * of nixos-rebuild hand on (nixos-rebuild(8)) and that leave to the proofs what is built. Settings travel
 * in NIX_CONFIG, so that every Nix of a run has them, whatever its kind.
 */
export const HANDED_OPTIONS = {
  "--offline": "fetch nothing; also --no-net",
  "--refresh": "take nothing that was fetched before for fresh",
  "--option NAME VALUE": "a setting of nix.conf",
  "--override-input NAME FLAKE": "that input of the flake from elsewhere",
  "--max-jobs NUMBER": "so many builds at a time; also -j",
  "--cores NUMBER": "so many cores for each",
  "--builders TEXT": "other machines that build",
  "--keep-going": "go on after a build that failed; also -k",
  "--keep-failed": "keep the folder of a build that failed; also -K",
  "--fallback": "build what cannot be fetched",
  "--repair": "make damaged store paths anew",
  "--print-build-logs": "show what builders write; also -L",
  "--quiet": "say less",
  "--show-trace": "show the whole evaluation trace",
  "--accept-flake-config": "take settings that the flake asks for",
  "--no-registries": "look no flake up in Nix's registries",
  "--no-update-lock-file": "fail where the lock file is not complete",
  "--no-write-lock-file": "leave the lock file as it is",
} as const;

/** Options for Nix, sorted by who has to be given them. */
export interface HandedOptions {
  /** As they were typed. */
  readonly words: readonly string[];
  /** Lines of nix.conf, for every Nix. */
  readonly settings: readonly string[];
  /** For whatever evaluates a flake, and for the build of it. */
  readonly flags: readonly string[];
  /** For the build alone. */
  readonly buildFlags: readonly string[];
  /** Inputs of the flake to take from elsewhere, by name. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** Nothing handed on. */
export const NOTHING_HANDED: HandedOptions = {
  words: [],
  settings: [],
  flags: [],
  buildFlags: [],
  inputs: {},
};

const SHORT: Readonly<Record<string, string>> = {
  "-j": "--max-jobs",
  "-k": "--keep-going",
  "-K": "--keep-failed",
  "-L": "--print-build-logs",
  "--no-net": "--offline",
};

/** Options that stand for the setting of their name; nix.conf(5). */
const SETTINGS = [
  "--max-jobs",
  "--cores",
  "--builders",
  "--keep-going",
  "--keep-failed",
  "--fallback",
  "--show-trace",
  "--accept-flake-config",
];

const FOR_FLAKES = ["--offline", "--refresh", "--no-registries", "--no-update-lock-file"];

const CHOOSES = "it would change what is built or activated, past the proofs";
const LOCKS =
  "it would write the lock file while it builds, and what is built must be what was proven";
const ITSELF = "these tools do that by themselves, or in a way of their own";

/** Options of nixos-rebuild and Nix that are known and not handed on, with why. */
const REFUSED: Readonly<Record<string, string>> = {
  [CHOOSES]: "--flake -F --no-flake --file -f --attr -A --expr --arg --argstr --profile-name -p " +
    "--specialisation -c --rollback --store-path --impure --target-host --build-host --store " +
    "--eval-store --system --include -I --upgrade --upgrade-all --install-bootloader " +
    "--install-grub --image-variant",
  [LOCKS]: "--recreate-lock-file --update-input --commit-lock-file --output-lock-file",
  [ITSELF]: "--log-format --json --diff --debug --verbose -v --help -h --out-link --sudo " +
    "--use-remote-sudo --ask-sudo-password --elevate --ask-elevate-password -S --fast " +
    "--no-reexec --no-build-nix --use-substitutes -s --no-build-output -Q",
};

/** Settings that would do the same as a refused option, or nothing: with why. */
const REFUSED_SETTINGS: Readonly<Record<string, string>> = {
  "store": CHOOSES,
  "eval-store": CHOOSES,
  "pure-eval": "it means nothing beside --impure and --no-impure, which come before --",
  "experimental-features": "it would turn flakes off; extra-experimental-features adds to them",
};

/**
 * Reads options for Nix.
 * @throws ToolError exit 4, by name, for an option that is not handed on or lacks its values
 */
export function handedOptions(words: readonly string[]): HandedOptions {
  const settings: string[] = [];
  const flags: string[] = [];
  const buildFlags: string[] = [];
  const inputs: Record<string, string> = {};
  for (let at = 0; at < words.length;) {
    const [typed, inline] = split(words[at++]!);
    const name = SHORT[typed] ?? typed;
    const values = inline === undefined ? [] : [inline];
    const takes = placeholders(name);
    if (takes === undefined) refuseOption(typed);
    while (values.length < takes.length && at < words.length) values.push(words[at++]!);
    if (values.length !== takes.length || values.some((value) => /[\n\0]/.test(value))) {
      refuse(`option ${typed} for Nix has not its values`, `write ${[name, ...takes].join(" ")}`);
    }
    const [first = "", second = ""] = values;
    if (name === "--option") settings.push(setting(first, second));
    else if (name === "--override-input") inputs[first] = second;
    else if (SETTINGS.includes(name)) {
      settings.push(setting(name.slice("--".length), takes.length === 0 ? "true" : first));
    } else if (FOR_FLAKES.includes(name)) flags.push(name);
    else buildFlags.push(name);
  }
  return { words, settings, flags, buildFlags, inputs };
}

/** `--name=value`, `-j4` and plain words. */
function split(word: string): [name: string, value: string | undefined] {
  const long = /^(--[^=]+)=(.*)$/s.exec(word);
  if (long) return [long[1]!, long[2]!];
  const jobs = /^-j(.+)$/s.exec(word);
  return jobs ? ["-j", jobs[1]!] : [word, undefined];
}

/** The placeholders of an option's values; undefined for one that is not handed on. */
function placeholders(name: string): string[] | undefined {
  const typed = Object.keys(HANDED_OPTIONS).find((typed) => typed.split(" ")[0] === name);
  return typed?.split(" ").slice(1);
}

function setting(name: string, value: string): string {
  const why = REFUSED_SETTINGS[name];
  if (why !== undefined) refuse(`the setting ${name} is not handed on to Nix: ${why}`, SEE);
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    refuse(`"${name}" is not a Nix setting`, "write --option NAME VALUE");
  }
  return `${name} = ${value}`;
}

function refuseOption(word: string): never {
  const why = Object.entries(REFUSED).find(([, names]) => names.split(" ").includes(word))?.[0];
  if (why !== undefined) {
    const hint = why === LOCKS ? "write it first: nix flake lock" : SEE;
    refuse(`${word} is not handed on to Nix: ${why}`, hint);
  }
  const names = Object.keys(HANDED_OPTIONS).map((typed) => typed.split(" ")[0]!);
  const nearest = nearestName(word, names);
  const hint = nearest === undefined ? SEE : `did you mean ${nearest}?`;
  refuse(`${word} is not an option that is handed on to Nix`, hint);
}

const SEE = "see what can follow --: man rebuild-helper, docs/rebuild-helper.md";

function refuse(message: string, hint: string): never {
  throw new ToolError(message, { code: ExitCode.InvalidArguments, hint });
}
