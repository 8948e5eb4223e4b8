import assert from "node:assert/strict";
import { withoutSecrets } from "../../lib/layout/public_url.ts";

Deno.test("withoutSecrets() cuts user info and queries of every URL in a text", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["https://user:secret@host/o/n", "https://host/o/n"],
    ["https://secret@host:8443", "https://host:8443"],
    ["http://:secret@host/?x=secret#part", "http://host/#part"],
    ["git+https://u:secret@host/x.git?ref=main&token=secret", "git+https://host/x.git?ref=main"],
    [
      "error sending request for url (https://host/a.tar.gz?token=secret): refused",
      "error sending request for url (https://host/a.tar.gz): refused",
    ],
    ["see https://host/a?token=secret.", "see https://host/a."],
    ['"https://u:p%40secret@host/x" and https://b:secret@c', '"https://host/x" and https://c'],
    ["https://a@b:secret@host/", "https://host/"],
    ["ssh://root:secret@host", "ssh://host"],
    ["HTTPS://U:SECRET@HOST/X?SECRET", "HTTPS://HOST/X"],
  ];
  for (const [text, wanted] of cases) {
    assert.equal(withoutSecrets(text), wanted);
    assert.equal(withoutSecrets(wanted), wanted);
  }
});

Deno.test("withoutSecrets() leaves what commands are made of", () => {
  for (
    const text of [
      "ssh://root@host",
      "git+file:///etc/nixos?ref=main&dir=sub#host",
      "git+https://host/x?ref=main&rev=abc&dir=sub#host",
      "file:///media/cache?trusted=1",
      "path:/etc/nixos?narHash=x, user@host, a://",
    ]
  ) assert.equal(withoutSecrets(text), text);
});
