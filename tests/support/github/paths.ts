/** Decodes a percent-encoded path; undefined when it is malformed. */
export function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** The first two parts of a path as owner and name (without `.git`), and what follows them. */
export function splitRepository(
  path: string,
): { readonly fullName: string; readonly rest: string } | undefined {
  const match = path.match(/^\/([^/]+)\/([^/]+?)(?:\.git)?(\/.*)?$/);
  return match ? { fullName: `${match[1]}/${match[2]}`, rest: match[3] ?? "" } : undefined;
}
