import assert from "node:assert/strict";
import fc from "fast-check";
import {
  changedNames,
  mergeAccountFile,
} from "../../../lib/machine/accounts/merge_account_file.ts";

function merge(
  before: string,
  after: string,
  now: string,
): { text: string; kept: readonly string[] } {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const { data, kept } = mergeAccountFile(bytes(before), bytes(after), bytes(now));
  return { text: new TextDecoder().decode(data), kept };
}

/** A file as accounts with values; printed one line each. */
const accounts = fc.dictionary(
  fc.constantFrom("root", "alice", "bob", "Ann.é", "x y"),
  fc.constantFrom("1", "2", "3"),
  { noNullPrototype: true },
);
const print = (file: Record<string, string>) =>
  Object.entries(file).map(([name, value]) => `${name}:${value}\n`).join("");
const parse = (text: string) =>
  Object.fromEntries(text.split("\n").filter(Boolean).map((line) => line.split(":")));

Deno.test("mergeAccountFile() undoes the install and keeps what changed since", () => {
  const before = "root:old\nalice:old\ngone:old\n";
  const after = "root:new\nalice:new\nadded:new\n";
  const now = "root:new\nalice:changed\nadded:new\nlater:1\n";
  assert.deepEqual(merge(before, after, now), {
    text: "root:old\nalice:changed\ngone:old\nlater:1\n",
    kept: ["alice"],
  });
});

Deno.test("mergeAccountFile() merges the members of a group one by one", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const merged = (before: string, after: string, now: string, changed: string[] = []) => {
    const { data, kept } = mergeAccountFile(
      bytes(before),
      bytes(after),
      bytes(now),
      new Set(changed),
      true,
    );
    return [new TextDecoder().decode(data), kept];
  };
  // Installed with bob; carol came later, and ana left.
  assert.deepEqual(
    merged("kvm:x:302:ana\n", "kvm:x:302:ana,bob\n", "kvm:x:302:bob,carol\n"),
    ["kvm:x:302:carol\n", []],
  );
  assert.deepEqual(merged("kvm:x:302:\n", "kvm:x:302:bob\n", "kvm:x:302:bob\n"), [
    "kvm:x:302:\n",
    [],
  ]);
  // Another gid since is somebody's decision: the line is left alone.
  assert.deepEqual(
    merged("kvm:x:302:\n", "kvm:x:302:bob\n", "kvm:x:999:bob,carol\n"),
    ["kvm:x:999:bob,carol\n", ["kvm"]],
  );
  // The undoing's own activation leaves carol in the file too: what was noted before it counts.
  const changed = changedNames(
    bytes("kvm:x:302:bob\nwheel:x:1:ana\nusers:x:100:\n"),
    bytes("kvm:x:302:bob,carol\nwheel:x:7:ana\nusers:x:100:\n"),
    true,
  );
  assert.deepEqual(changed, ["kvm:carol", "wheel"]);
  assert.deepEqual(
    merged(
      "kvm:x:302:\nwheel:x:1:\n",
      "kvm:x:302:bob,carol\nwheel:x:7:ana\n",
      "kvm:x:302:bob,carol\nwheel:x:7:ana\n",
      changed,
    ),
    ["kvm:x:302:carol\nwheel:x:7:ana\n", ["wheel"]],
  );
  // A group that only the installation has, and that somebody entered: left, and said.
  assert.deepEqual(
    merged("", "new:x:400:bob,carol\n", "new:x:400:bob,carol\n", ["new:carol"]),
    ["new:x:400:bob,carol\n", ["new"]],
  );
});

Deno.test("mergeAccountFile() leaves an account removed since alone", () => {
  assert.deepEqual(merge("a:1\nb:1\n", "a:2\nb:2\n", "a:2\n"), { text: "a:1\n", kept: ["b"] });
});

Deno.test("mergeAccountFile() gives the old file back byte for byte when nothing changed", () => {
  const bytes = fc.uint8Array({ maxLength: 60 });
  fc.assert(fc.property(bytes, bytes, (before, after) => {
    assert.deepEqual(mergeAccountFile(before, after, after).data, before);
  }));
});

Deno.test("mergeAccountFile() changes nothing when it is done twice", () => {
  fc.assert(fc.property(accounts, accounts, accounts, (before, after, now) => {
    const once = merge(print(before), print(after), print(now));
    const twice = merge(print(before), print(after), once.text);
    assert.equal(twice.text, once.text);
  }));
});

Deno.test("mergeAccountFile() decides every name by the three files alone", () => {
  fc.assert(fc.property(accounts, accounts, accounts, (before, after, now) => {
    const { text, kept } = merge(print(before), print(after), print(now));
    const merged = parse(text);
    for (const name of Object.keys({ ...before, ...after, ...now })) {
      const changedSince = now[name] !== after[name];
      assert.equal(merged[name], changedSince ? now[name] : before[name], name);
      const declared = name in before || name in after;
      assert.equal(kept.includes(name), declared && changedSince && now[name] !== before[name]);
    }
  }));
});
