import assert from "node:assert/strict";
import { HANDED_OPTIONS, handedOptions } from "../../lib/rebuild/handed_options.ts";
import { ToolError } from "../../lib/machine/tool_error.ts";

function refusal(...words: string[]): ToolError {
  try {
    handedOptions(words);
  } catch (error) {
    if (error instanceof ToolError) return error;
    throw error;
  }
  return assert.fail(`handed on: ${words.join(" ")}`);
}

Deno.test("handedOptions() sorts options by who has to be given them", () => {
  const words = [
    ...["--offline", "--option", "connect-timeout", "5", "-j4", "--cores=2", "-k", "-L"],
    ...["--override-input", "nixpkgs", "path:/srv/nixpkgs", "--builders", "", "--fallback"],
    ...["--show-trace", "--no-net", "--repair"],
  ];
  assert.deepEqual(handedOptions(words), {
    words,
    settings: [
      ...["connect-timeout = 5", "max-jobs = 4", "cores = 2", "keep-going = true", "builders = "],
      ...["fallback = true", "show-trace = true"],
    ],
    flags: ["--offline", "--offline"],
    buildFlags: ["--print-build-logs", "--repair"],
    inputs: { nixpkgs: "path:/srv/nixpkgs" },
  });
});

Deno.test("handedOptions() takes each option that the manual lists", () => {
  for (const typed of Object.keys(HANDED_OPTIONS)) {
    const words = typed.replace("NAME", "cores").split(" ");
    const { settings, flags, buildFlags, inputs } = handedOptions(words);
    const handed = settings.length + flags.length + buildFlags.length + Object.keys(inputs).length;
    assert.equal(handed, 1, typed);
  }
});

Deno.test("handedOptions() refuses by name what would pass the proofs by, and what it does not know", () => {
  for (
    const [words, message] of [
      [["--profile-name", "test"], /^--profile-name is not handed on.*past the proofs$/],
      [["--target-host=other"], /^--target-host is not/],
      [["-A", "system"], /^-A is not/],
      [["--file", "x.nix"], /^--file is not/],
      [["--flake", "."], /^--flake is not/],
      [["--impure"], /^--impure is not/],
      [["--option", "store", "/tmp/x"], /^the setting store is not/],
      [["--option", "pure-eval", "false"], /--no-impure/],
      [["--option", "experimental-features", ""], /would turn flakes off/],
      [["--update-input", "nixpkgs"], /^--update-input .*lock file/],
      [["--log-format", "raw"], /do that by themselves/],
      [["--ofline"], /^--ofline is not an option/],
      [["switch"], /^switch is not an option/],
    ] as const
  ) {
    const error = refusal(...words);
    assert.equal(error.code, 4);
    assert.match(error.message, message);
    assert.ok(error.hint);
  }
  assert.equal(refusal("--ofline").hint, "did you mean --offline?");
});

Deno.test("handedOptions() refuses values that are missing, too many, or more than a line", () => {
  for (
    const words of [
      ["--option", "cores"],
      ["--override-input", "nixpkgs"],
      ["--cores"],
      ["--offline=yes"],
      ["--option", "cores", "2\nstore = /tmp/x"],
      ["--option", "cores = 2\nstore", "x"],
      ["--cores", "2\nstore = /tmp/x"],
    ]
  ) assert.equal(refusal(...words).code, 4, words.join(" "));
});
