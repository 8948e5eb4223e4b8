/** A URL in a text, up to a space or what quotes it. */
const URLS = /\b([a-z][a-z0-9+.-]*):\/\/([^\s"'<>`]*)/gi;
/** Queries of these are cut; those of others name files and keys of this machine. */
const WEB = /^(?:[a-z0-9.-]+\+)?(?:https?|ftps?)$/i;
/** What a flake reference says in its query, which is no secret (nix3-flake(1)). */
const HARMLESS = /^(?:ref|rev|dir|narHash|lastModified|revCount|shallow|submodules|allRefs)=/;

/**
 * Cuts what may be a secret from every URL in a text: user info (of SSH only with a password), and the query,
 * where archives have their tokens. For all that is printed or logged, the runtime's error messages too.
 */
export function withoutSecrets(text: string): string {
  if (!text.includes("://")) return text;
  return text.replace(URLS, (_, scheme: string, rest: string) => {
    const end = rest.search(/[/?#]/);
    const authority = end < 0 ? rest : rest.slice(0, end);
    const path = end < 0 ? "" : rest.slice(end);
    const at = authority.lastIndexOf("@");
    const isPlain = at >= 0 && !WEB.test(scheme) && !authority.slice(0, at).includes(":");
    const host = isPlain ? authority : authority.slice(at + 1);
    return `${scheme}://${host}${WEB.test(scheme) ? withoutQuery(path) : path}`;
  });
}

function withoutQuery(path: string): string {
  return path.replace(/\?([^#]*)/, (_, query: string) => {
    // What ends a sentence or a parenthesis around it is no part of it.
    const [rest = ""] = query.match(/[).,:;\]]*$/) ?? [];
    const kept = query.slice(0, query.length - rest.length).split("&").filter((part) =>
      HARMLESS.test(part)
    );
    return (kept.length > 0 ? `?${kept.join("&")}` : "") + rest;
  });
}
