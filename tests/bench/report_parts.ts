/** Parts of the report that runs of their own measure; each is kept by the runs of the others. */
export const OWN_PARTS = ["## Real history", "## The plan of a machine"] as const;

/** A part of a report, from its heading to the next one; empty where it is not there. */
export function partOf(report: string, heading: string): string {
  const at = report.indexOf(`${heading}\n`);
  if (at < 0) return "";
  const next = report.indexOf("\n## ", at + heading.length);
  return next < 0 ? report.slice(at) : report.slice(at, next + 1);
}

/** A report with this part in the place of the old one, or at its end. */
export function withPart(report: string, heading: string, part: string): string {
  const old = partOf(report, heading);
  if (part === "") return `${report.replace(old, "").trimEnd()}\n`;
  const text = `${part.trimEnd()}\n`;
  if (old === "") return `${report.trimEnd()}\n\n${text}`;
  return `${report.replace(old, () => `${text}\n`).trimEnd()}\n`;
}

/** A new report with the parts of the old one that it has not measured. */
export function withPartsOf(report: string, old: string): string {
  return OWN_PARTS.reduce(
    (text, heading) => {
      const part = partOf(old, heading);
      return part === "" ? text : withPart(text, heading, part);
    },
    report,
  );
}
