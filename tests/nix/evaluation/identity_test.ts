import { deepEqual, equal } from "node:assert/strict";
import * as v from "valibot";
import { compareIdentities, IdentitySchema } from "../../../lib/nix/evaluation/identity.ts";

type Items = Readonly<Record<string, unknown>>;

const STORE = "/nix/store/00000000000000000000000000000000";
const OTHER = "/nix/store/11111111111111111111111111111111";

function identity(items: Readonly<Record<string, Items>>) {
  const kinds = ["etc", "unit", "userUnit", "networkUnit", "unitPackage", "boot", "activation"];
  const all = [...kinds, "account", "group", "wrapper"].map((kind) => [kind, items[kind] ?? {}]);
  return v.parse(IdentitySchema, Object.fromEntries(all));
}

function differences(kind: string, before: Items, after: Items) {
  return compareIdentities(identity({ [kind]: before }), identity({ [kind]: after })).differences;
}

Deno.test("compareIdentities() says of each thing whether it stays, changes, goes, comes or is not known", () => {
  const found = differences(
    "etc",
    { same: { is: 1 }, b: { is: 1 }, a: { is: 1 }, gone: { is: 1 }, unread: { unreadable: true } },
    { same: { is: 1 }, b: { is: 2 }, a: { is: 2 }, new: { is: 1 }, unread: { is: 1 } },
  );
  deepEqual(
    found.map(({ name, state }) => `${state} ${name}`),
    ["gone gone", "changed a", "changed b", "unread unread", "new new"],
  );
  const { counts, unread } = compareIdentities(
    identity({ etc: { a: { is: 1 }, b: { is: 1 } } }),
    identity({ etc: { a: { is: 1 }, c: { is: 1 } } }),
  );
  deepEqual([counts.etc, unread], [{ before: 2, same: 1 }, []]);
});

Deno.test("compareIdentities() takes names that objects have by themselves for names", () => {
  const names = ["hasOwnProperty", "valueOf", "toString"];
  const items = JSON.parse(`{${names.map((name) => `"${name}": { "is": 1 }`).join()}}`);
  deepEqual(differences("unit", items, items), []);
  deepEqual(
    differences("unit", {}, JSON.parse('{ "toString": { "is": 1 } }')).map(({ state }) => state),
    ["new"],
  );
});

Deno.test("compareIdentities() counts a unit that is switched off as gone, and one that was off as changed", () => {
  const unit = (enable: boolean) => ({ u: { is: { unit: "x", enable }, text: "[Unit]" } });
  equal(differences("unit", unit(true), unit(false))[0]!.state, "gone");
  equal(differences("unit", unit(false), unit(true))[0]!.state, "changed");
  deepEqual(differences("unit", unit(false), unit(false)), []);
});

Deno.test("compareIdentities() gives texts without the hashes of the store, or else what it knows", () => {
  const [text] = differences("etc", { a: { is: 1, text: `x ${STORE}-y` } }, {
    a: { is: 2, text: `x ${OTHER}-y` },
  });
  equal(text!.before, text!.after);
  const [facts] = differences(
    "wrapper",
    {
      sudo: {
        is: {
          source: `${STORE}-sudo/bin/sudo`,
          owner: "root",
          group: null,
          caps: ["a", "b"],
          setuid: false,
        },
      },
    },
    {},
  );
  equal(
    facts!.before,
    "source: /nix/store/…-sudo/bin/sudo\nowner: root\ncaps: a b\nsetuid: false".replace(
      "/nix/store/…-sudo",
      facts!.before!.split("\n")[0]!.slice("source: ".length).replace("/bin/sudo", ""),
    ),
  );
  equal(facts!.before!.includes("0000"), false);
  equal(facts!.after, undefined);
});

Deno.test("compareIdentities() names a kind of which one side is not known, and counts it as not the same", () => {
  const { etc: _, ...without } = identity({});
  const { unread, counts, differences } = compareIdentities(
    identity({ etc: { a: { is: 1 } } }),
    without,
  );
  deepEqual([unread, counts.etc, differences], [["etc"], { before: 1, same: 0 }, []]);
});
